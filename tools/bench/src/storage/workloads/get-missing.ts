/** `get-missing`: random gets of keys that are not stored, each right between two that are. */
import { Random } from '../../measurement/random.ts';
import { fillMissingKey, keyBytes } from '../keys.ts';
import { runLoop } from './effort.ts';
import { readingWorkload } from './reading.ts';
import type { Workload } from './workload.ts';

export const getMissing: Workload = readingWorkload({
  name: 'get-missing',
  seconds: 2,
  read(engine, { sizes }, effort, { latency }) {
    const random = new Random(17);
    const key = Buffer.alloc(keyBytes);
    return runLoop(effort, latency, () => {
      fillMissingKey(key, random.below(sizes.pairs));
      if (engine.get(key) !== undefined) throw new Error(`a key that was never stored is there: ${key.toString()}`);
    });
  },
});
