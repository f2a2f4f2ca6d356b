/** `put-…`: so many callers store a set in random order, each awaiting its own put; then everything is flushed. */
import { Meter } from '../../measurement/meter.ts';
import { defaultWriteBufferBytes } from '../engines/bench-engine.ts';
import { keyBytes, keyOf, shuffled } from '../keys.ts';
import { runCallers } from './effort.ts';
import type { Outcome, Workload, WorkloadContext } from './workload.ts';

/** The cache while only writing, for all engines alike. */
export const writeCacheBytes: number = 64 * 1024 * 1024;

export interface PutPlan {
  readonly name: string;
  readonly writers: number;
  readonly durable: boolean;
  /** Limits the run where the whole set would take longer. */
  readonly seconds: number;
}

export function putWorkload(plan: PutPlan): Workload {
  return { name: plan.name, on: 'empty', durable: plan.durable, run: (context) => runPuts(plan, context) };
}

export async function runPuts(plan: PutPlan, context: WorkloadContext): Promise<Outcome> {
  const { sizes, valueBytes } = context;
  const values = context.loadValues();
  const order = shuffled(sizes.pairs);
  const engine = await context.open({
    durable: plan.durable,
    cacheBytes: writeCacheBytes,
    writeBufferBytes: defaultWriteBufferBytes,
  });
  const meter = Meter.start();
  const effort = { operations: sizes.pairs, seconds: plan.seconds * sizes.patience };
  const puts = await runCallers(plan.writers, effort, meter.latency, (number) =>
    engine.put(keyOf(order[number] ?? 0), values.value(number)),
  );
  await engine.flush();
  const reading = meter.stop(puts);
  const debt = engine.debt();
  await engine.close();
  const givenBytes = puts * (keyBytes + valueBytes);
  return { ...reading, options: engine.options, givenBytes, liveBytes: givenBytes, debt };
}
