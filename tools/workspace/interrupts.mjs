/** Requests to stop: Ctrl-C, SIGTERM to npm (which passes it on), a closed terminal. */
import { Interrupted } from './refusal.mjs';

/** @typedef {(reason: Interrupted) => void} InterruptListener */

/** @type {Set<InterruptListener>} */
const listeners = new Set();
const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * Calls back at each request to stop, until the returned function is called. While anybody listens the process does
 * not end by itself; with nobody listening a request ends it at once, as it would any program.
 *
 * @param {InterruptListener} listener
 * @returns {() => void}
 */
export function onInterrupt(listener) {
  if (listeners.size === 0) for (const signal of signals) process.on(signal, tell);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) for (const signal of signals) process.off(signal, tell);
  };
}

/**
 * A Ctrl-C arrives twice: from the terminal, which signals every process in front, and from npm, which passes its own
 * on. Only what comes later is a second request.
 */
const echoMs = 500;

let lastTold = -Infinity;

/** @param {NodeJS.Signals} signal */
function tell(signal) {
  const now = performance.now();
  if (now - lastTold < echoMs) return;
  lastTold = now;
  const reason = new Interrupted(/** @type {typeof signals[number]} */ (signal));
  for (const listener of [...listeners]) listener(reason);
}
