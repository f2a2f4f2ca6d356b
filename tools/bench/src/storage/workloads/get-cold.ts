/** `get-cold`: random gets with the page cache warm and a block cache of a fifth of the set. */
import { Random } from '../../measurement/random.ts';
import { fillKey, keyBytes } from '../keys.ts';
import { runLoop } from './effort.ts';
import { readingWorkload } from './reading.ts';
import type { Workload } from './workload.ts';

export const getCold: Workload = readingWorkload({
  name: 'get-cold',
  seconds: 2,
  read(engine, { sizes }, effort, { latency }) {
    const random = new Random(13);
    const key = Buffer.alloc(keyBytes);
    return runLoop(effort, latency, () => {
      fillKey(key, random.below(sizes.pairs));
      if (engine.get(key) === undefined) throw new Error(`a stored key is missing: ${key.toString()}`);
    });
  },
});
