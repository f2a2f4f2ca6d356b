/** The simulated disk and jobs are what the storage engine relies on: they pass the suites that the real ones pass. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileSystemContract, jobsContract } from '@kv/lsm-storage/contract';
import { describe, expect, it } from 'vitest';
import { VirtualJobs } from '../../cluster/virtual-jobs.ts';
import { World } from '../world.ts';

/** Lets a world's time pass for as long as a test lasts. */
function inPassingTime<T>(make: (world: World) => T): { subject: T; dispose: () => Promise<void> } {
  const world = new World({ seed: 1 });
  let disposed = false;
  const passing = (async () => {
    while (!disposed) {
      await world.run(1000);
      await sleep(0);
    }
  })();
  return {
    subject: make(world),
    dispose: async () => {
      disposed = true;
      await passing;
    },
  };
}

fileSystemContract({ describe, it, expect }, () =>
  inPassingTime((world) => {
    const machine = world.machine('a');
    machine.start();
    return machine.fileSystem();
  }),
);

jobsContract({ describe, it, expect }, () =>
  inPassingTime((world) => new VirtualJobs(world.machine('a').start(), world.random, 5)),
);
