/** Shows which steps a command is at and for how many seconds: in place on a terminal, line by line in a log. */

/**
 * @typedef {object} Progress steps that are under way at the same time share a line
 * @property {(text: string) => void} line prints one line
 * @property {(text: string) => void} problem prints one line that says what went wrong, in place of the steps
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
  /** @typedef {{ label: string, started: number }} Step */
  /** @type {Set<Step>} */
  const steps = new Set();
  /** @type {NodeJS.Timeout | undefined} */
  let timer;

  /** @param {string} text */
  const line = (text) => void stream.write(`${clear}${text}\n`);
  const show = () => {
    const shown = [...steps].map(({ label, started }) => `${label} ${seconds(performance.now() - started)}`);
    stream.write(`${clear}… ${shown.join(', ')}${inPlace ? '' : '\n'}`);
  };
  /** @param {Step} step */
  const end = (step) => {
    if (steps.delete(step)) stream.write(clear);
    if (steps.size === 0) clearInterval(timer);
  };

  /** @param {string} label */
  const begin = (label) => {
    const step = { label, started: performance.now() };
    steps.add(step);
    if (quietMs === 0) show();
    if (steps.size === 1) {
      timer = setInterval(show, Math.max(inPlace ? 1_000 : 10_000, quietMs));
      timer.unref();
    }
    return step;
  };
  /**
   * @param {Step} step
   * @param {string} outcome
   */
  const done = (step, outcome) => {
    const elapsed = performance.now() - step.started;
    end(step);
    if (elapsed >= quietMs) line(`${outcome} ${seconds(elapsed)}`);
  };

  /** @type {Progress['during']} */
  const during = async (label, work, outcome) => {
    const step = begin(label);
    try {
      const result = await work();
      done(step, outcome(result));
      return result;
    } finally {
      end(step);
    }
  };

  /** @param {string} text */
  const problem = (text) => {
    for (const step of steps) end(step);
    line(text);
  };
  return {
    line,
    problem,
    step: (label) => {
      const step = begin(label);
      return (outcome) => done(step, outcome);
    },
    during,
  };
}

/** @param {number} milliseconds */
function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 1 : 0)} s`;
}
