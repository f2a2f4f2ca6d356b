/** Shows which step a command is at and for how many seconds: in place on a terminal, line by line in a log. */

/**
 * @typedef {object} Progress at most one step is shown at a time
 * @property {(text: string) => void} line prints one line
 * @property {(text: string) => void} problem prints one line that says what went wrong, in place of the step
 * @property {(label: string) => (outcome: string) => void} step shows a step until the returned function is called
 *   with what came of it
 * @property {<Result>(label: string, work: () => Promise<Result>, outcome: (result: Result) => string) =>
 *   Promise<Result>} during shows a step for as long as the work takes; of work that fails nothing is left to be seen
 */

/**
 * @param {object} options
 * @param {NodeJS.WriteStream} options.stream
 * @param {number} [options.quietMs] steps that are done sooner are not shown at all; default 0
 * @returns {Progress}
 */
export function createProgress({ stream, quietMs = 0 }) {
  // A closed terminal or pipe must not end the process before its children have been stopped.
  stream.on('error', () => undefined);
  const inPlace = stream.isTTY === true;
  const clear = inPlace ? '\r\u001B[K' : '';
  /** @type {NodeJS.Timeout | undefined} */
  let timer;

  /** @param {string} text */
  const line = (text) => void stream.write(`${clear}${text}\n`);
  const endStep = () => {
    clearInterval(timer);
    stream.write(clear);
  };

  /** @param {string} label */
  const step = (label) => {
    const started = performance.now();
    const elapsed = () => performance.now() - started;
    const show = () => stream.write(`${clear}… ${label} ${seconds(elapsed())}${inPlace ? '' : '\n'}`);
    if (quietMs === 0) show();
    timer = setInterval(show, Math.max(inPlace ? 1_000 : 10_000, quietMs));
    timer.unref();
    return (/** @type {string} */ outcome) => {
      endStep();
      if (elapsed() >= quietMs) line(`${outcome} ${seconds(elapsed())}`);
    };
  };

  /** @type {Progress['during']} */
  const during = async (label, work, outcome) => {
    const done = step(label);
    try {
      const result = await work();
      done(outcome(result));
      return result;
    } finally {
      endStep();
    }
  };

  /** @param {string} text */
  const problem = (text) => {
    endStep();
    line(text);
  };
  return { line, problem, step, during };
}

/** @param {number} milliseconds */
function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 1 : 0)} s`;
}
