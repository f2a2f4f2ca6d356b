/** `seek`: goes to a random key and reads ten entries from there; an operation is a seek with its ten entries. */
import { Random } from '../../measurement/random.ts';
import { fillKey, keyBytes } from '../keys.ts';
import { runSteps } from './effort.ts';
import { readingWorkload } from './reading.ts';
import type { Workload } from './workload.ts';

const entriesPerSeek = 10;

export const seek: Workload = readingWorkload({
  name: 'seek',
  seconds: 2,
  read(engine, { sizes }, effort, { latency }) {
    const random = new Random(23);
    const key = Buffer.alloc(keyBytes);
    return runSteps(effort, latency, () => {
      fillKey(key, random.below(sizes.pairs));
      const read = engine.seek(key, entriesPerSeek);
      return typeof read === 'number' ? 1 : read.then(() => 1);
    });
  },
});
