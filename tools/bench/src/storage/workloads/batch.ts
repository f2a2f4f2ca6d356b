/** `batch`: one caller stores a set in random order, 100 pairs at a time; an operation is a pair. */
import { Meter } from '../../measurement/meter.ts';
import { type BenchEngine, defaultWriteBufferBytes, type Pair } from '../engines/bench-engine.ts';
import { keyBytes, keyOf, shuffled } from '../keys.ts';
import type { Values } from '../value-pool.ts';
import { runSteps } from './effort.ts';
import { writeCacheBytes } from './put.ts';
import type { Workload } from './workload.ts';

const pairsPerBatch = 100;
const seconds = 5;

export const batch: Workload = {
  name: 'batch',
  on: 'empty',
  durable: false,
  async run(context) {
    const { sizes, valueBytes } = context;
    const write = { cacheBytes: writeCacheBytes, writeBufferBytes: defaultWriteBufferBytes };
    const values = context.loadValues();
    const engine = await context.open({ durable: false, ...write });
    const next = batches(engine, shuffled(sizes.pairs), values, pairsPerBatch);
    const meter = Meter.start();
    const effort = { operations: sizes.pairs, seconds: seconds * sizes.patience };
    const pairs = await runSteps(effort, meter.latency, next);
    await engine.flush();
    const reading = meter.stop(pairs);
    const debt = engine.debt();
    await engine.close();
    const givenBytes = pairs * (keyBytes + valueBytes);
    return { ...reading, options: engine.options, givenBytes, liveBytes: givenBytes, debt };
  },
};

/** A function that writes the next batch of the order and tells how many pairs were in it. */
export function batches(
  engine: BenchEngine,
  order: Uint32Array,
  values: Values,
  length: number,
): () => Promise<number> {
  let begun = 0;
  return async () => {
    const numbers = order.subarray(begun, begun + length);
    const pairs = Array.from(numbers, (entry): Pair => ({ key: keyOf(entry), value: values.value(entry) }));
    begun += pairs.length;
    await engine.batch(pairs);
    return pairs.length;
  };
}
