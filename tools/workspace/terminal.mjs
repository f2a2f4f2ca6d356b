/** Our own terminal, as the commands of @kv/local-cluster expect one. */
import { onInterrupt } from './interrupts.mjs';

/** @param {import('./progress.mjs').Progress} progress */
export function createTerminal(progress) {
  return {
    ...progress,
    /** @param {() => void} listener */
    onInterrupt(listener) {
      onInterrupt(() => listener());
    },
  };
}
