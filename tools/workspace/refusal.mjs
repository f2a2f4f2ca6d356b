/** What ends a command early: `enter` prints the message and ends with the exit code. */

/** The command cannot do what was asked; the message says in one line what to do. */
export class Refusal extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'Refusal';
    this.exitCode = 1;
  }
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** The command was told to stop before it was done. */
export class Interrupted extends Error {
  /** @param {keyof typeof signalNumbers} signal */
  constructor(signal) {
    super(`interrupted by ${signal}`);
    this.name = 'Interrupted';
    this.exitCode = 128 + signalNumbers[signal];
  }
}
