/** The storage engine's clock: it drops the bytes of what is expired by it, late rather than early. */
import type { StorageClock } from '@kv/lsm-storage/core';
import type { ClusterNodeOptions } from '../options.ts';
import type { ClusterNodePorts } from '../ports.ts';

export function storageClock(
  { clock, timers }: ClusterNodePorts,
  { expiredKeptMs }: Pick<ClusterNodeOptions, 'expiredKeptMs'>,
): StorageClock {
  return {
    now: () => Math.max(0, clock.wallMs() - expiredKeptMs),
    pause: (milliseconds) => new Promise((resolve) => timers.set(milliseconds, resolve)),
  };
}
