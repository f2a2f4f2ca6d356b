/**
 * `get-cold`: random gets with the page cache warm and a block cache of a fifth of the set. The clock starts when that
 * cache has had its fill, in every engine: what is measured is the store that has run for a while, not its first second.
 */
import { Random } from '../../measurement/random.ts';
import { fillKey, keyBytes } from '../keys.ts';
import type { BenchEngine } from '../engines/bench-engine.ts';
import { runLoop } from './effort.ts';
import { readingWorkload } from './reading.ts';
import type { Workload, WorkloadContext } from './workload.ts';

/** Of the set: twice what the cache has room for. */
const fillShare = 0.4;

export const getCold: Workload = readingWorkload({
  name: 'get-cold',
  seconds: 2,
  prepare: fillCache,
  read(engine, { sizes }, effort, { latency }) {
    const random = new Random(13);
    const key = Buffer.alloc(keyBytes);
    return runLoop(effort, latency, () => {
      fillKey(key, random.below(sizes.pairs));
      if (engine.get(key) === undefined) throw new Error(`a stored key is missing: ${key.toString()}`);
    });
  },
});

function fillCache(engine: BenchEngine, { sizes }: WorkloadContext): void {
  const random = new Random(12);
  const key = Buffer.alloc(keyBytes);
  for (let i = 0; i < fillShare * sizes.pairs; i++) {
    fillKey(key, random.below(sizes.pairs));
    engine.get(key);
  }
}
