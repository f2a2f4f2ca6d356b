/**
 * Runs another program as a process group of its own, so that whatever it starts in turn (compilers, workers) ends
 * with it when this process is told to stop.
 */
import { spawn } from 'node:child_process';
import { onInterrupt } from './interrupts.mjs';

/**
 * @typedef {object} ChildOptions
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} [env] instead of this process's own
 * @property {number | 'inherit'} output where its output goes: an open file, or our own terminal
 * @property {number} [limitMs] after which it is ended; without it, never
 */

const patienceMs = 5_000;

/**
 * @param {string} command
 * @param {readonly string[]} argv
 * @param {ChildOptions} options
 * @returns {Promise<number>} its exit code; 1 when a signal ended it. Rejects with `Interrupted` when this process was
 *   told to stop, once the whole group is gone.
 */
export function runChild(command, argv, options) {
  return new Promise((resolve, reject) => {
    /** @type {Error | undefined} */
    let interrupted;
    /** @type {NodeJS.Timeout | undefined} */
    let force;
    const end = () => {
      signalGroup(child.pid, 'SIGTERM');
      force ??= setTimeout(() => signalGroup(child.pid, 'SIGKILL'), patienceMs);
    };
    // Before the program starts: a signal in between would end this process and leave the program.
    const ignoreInterrupts = onInterrupt((reason) => {
      interrupted = reason;
      end();
    });
    const child = spawn(command, argv, {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: ['ignore', options.output, options.output],
    });
    const limit = options.limitMs === undefined ? undefined : setTimeout(end, options.limitMs);
    const settle = () => {
      clearTimeout(limit);
      clearTimeout(force);
      ignoreInterrupts();
    };
    child.once('error', (error) => {
      settle();
      reject(error);
    });
    child.once('exit', (code) => {
      settle();
      // Whatever the program left running in its group has no reason to stay.
      signalGroup(child.pid, 'SIGKILL');
      if (interrupted !== undefined) reject(interrupted);
      else resolve(code === null ? 1 : code);
    });
  });
}

/**
 * @param {number | undefined} pid
 * @param {NodeJS.Signals} signal
 */
function signalGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in the group.
  }
}
