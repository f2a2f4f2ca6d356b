/** Node's timers. */
import type { Timers } from '@kv/cluster-node';

export const systemTimers: Timers = {
  set(delayMs, run) {
    const timeout = setTimeout(run, Math.max(0, delayMs));
    return { cancel: () => clearTimeout(timeout) };
  },
};
