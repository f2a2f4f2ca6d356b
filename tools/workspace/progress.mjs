/** Shows which step a command is at and for how many seconds: in place on a terminal, line by line in a log. */

/**
 * @typedef {object} Progress
 * @property {(text: string) => void} line prints one line
 * @property {(text: string) => void} problem prints one line that says what went wrong
 * @property {(label: string) => (outcome: string) => void} step shows a step until the returned function is called
 *   with what came of it; at most one step is shown at a time
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
  /** @param {string} text */
  const line = (text) => void stream.write(`${clear}${text}\n`);

  /** @param {string} label */
  const step = (label) => {
    const started = performance.now();
    const elapsed = () => performance.now() - started;
    const show = () =>
      stream.write(inPlace ? `${clear}… ${label} ${seconds(elapsed())}` : `… ${label} ${seconds(elapsed())}\n`);
    if (quietMs === 0) show();
    const timer = setInterval(show, inPlace ? Math.max(1_000, quietMs) : Math.max(10_000, quietMs));
    timer.unref();
    return (/** @type {string} */ outcome) => {
      clearInterval(timer);
      if (elapsed() >= quietMs) line(`${outcome} ${seconds(elapsed())}`);
    };
  };
  return { line, problem: line, step };
}

/** @param {number} milliseconds */
function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 1 : 0)} s`;
}
