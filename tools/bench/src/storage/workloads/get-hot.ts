/** `get-hot`: random gets of a set that is all in runs and in the block cache; the memtable is empty. */
import { Random } from '../../measurement/random.ts';
import type { BenchEngine } from '../engines/bench-engine.ts';
import { fillKey, keyBytes } from '../keys.ts';
import { runLoop } from './effort.ts';
import { readingWorkload } from './reading.ts';
import type { Workload, WorkloadContext } from './workload.ts';

/** Half of the smallest block of any engine here: a get at every such distance brings in every block. */
const warmEveryBytes = 2048;

export const getHot: Workload = readingWorkload({
  name: 'get-hot',
  seconds: 2,
  cacheShare: 2,
  prepare: warmCache,
  read(engine, { sizes }, effort, { latency }) {
    const random = new Random(11);
    const key = Buffer.alloc(keyBytes);
    return runLoop(effort, latency, () => {
      fillKey(key, random.below(sizes.pairs));
      if (engine.get(key) === undefined) throw new Error(`a stored key is missing: ${key.toString()}`);
    });
  },
});

function warmCache(engine: BenchEngine, { sizes, valueBytes }: WorkloadContext): void {
  const step = Math.max(1, Math.floor(warmEveryBytes / (valueBytes + keyBytes)));
  const key = Buffer.alloc(keyBytes);
  for (let entry = 0; entry < sizes.pairs; entry += step) {
    fillKey(key, entry);
    engine.get(key);
  }
}
