/** The clocks of this machine. */
import type { Clock } from '@kv/cluster-node';

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
