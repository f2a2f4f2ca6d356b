/**
 * `read-while-writing`: random gets, and for every eight of them a put that is not awaited alone; 16 puts are under
 * way at most. An operation is a get; the share of writes is the same for all engines, however fast they are.
 */
import { setImmediate } from 'node:timers/promises';
import { Random } from '../../measurement/random.ts';
import { fillKey, keyBytes, keyOf } from '../keys.ts';
import { runLoop } from './effort.ts';
import { readingWorkload } from './reading.ts';
import type { Workload } from './workload.ts';

const putsPerTurn = 16;
const getsPerTurn = putsPerTurn * 8;

export const readWhileWriting: Workload = readingWorkload({
  name: 'read-while-writing',
  seconds: 3,
  async read(engine, context, { seconds }, { latency }) {
    const { pairs } = context.sizes;
    const values = context.loadValues();
    const random = new Random(29);
    const key = Buffer.alloc(keyBytes);
    const deadline = performance.now() + seconds * 1000;
    let gets = 0;
    while (performance.now() < deadline) {
      const puts = Array.from({ length: putsPerTurn }, () =>
        engine.put(keyOf(random.below(pairs)), values.value(random.below(pairs))),
      );
      gets += runLoop({ operations: getsPerTurn, seconds }, latency, () => {
        fillKey(key, random.below(pairs));
        if (engine.get(key) === undefined) throw new Error(`a stored key is missing: ${key.toString()}`);
      });
      await Promise.all(puts.filter((put) => put !== undefined));
      await setImmediate();
    }
    return gets;
  },
});
