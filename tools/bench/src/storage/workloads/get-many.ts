/** `get-many`: 100 random keys in one call; an operation is a key. */
import { Random } from '../../measurement/random.ts';
import { keyOf } from '../keys.ts';
import { runSteps } from './effort.ts';
import { readingWorkload } from './reading.ts';
import type { Workload } from './workload.ts';

const keysPerCall = 100;

export const getMany: Workload = readingWorkload({
  name: 'get-many',
  seconds: 2,
  read(engine, { sizes }, effort, { latency }) {
    const random = new Random(19);
    return runSteps(effort, latency, () =>
      engine.getMany(Array.from({ length: keysPerCall }, () => keyOf(random.below(sizes.pairs)))),
    );
  },
});
