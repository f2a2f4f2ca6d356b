/** The clock of the storage engine, made of the member's. */
import type { StorageClock } from '@kv/lsm-storage/core';
import type { ClusterNodePorts } from '../ports.ts';

export function storageClock({ clock, timers }: ClusterNodePorts): StorageClock {
  return {
    now: () => clock.wallMs(),
    pause: (milliseconds) => new Promise((resolve) => timers.set(milliseconds, resolve)),
  };
}
