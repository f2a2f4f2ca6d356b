/** What the reading workloads have in common: the loaded set, the page cache warm, and one engine opened on it. */
import { warmPageCache } from '../../measurement/directory.ts';
import { Meter } from '../../measurement/meter.ts';
import { type BenchEngine, defaultWriteBufferBytes } from '../engines/bench-engine.ts';
import type { Effort } from './effort.ts';
import type { Outcome, Workload, WorkloadContext } from './workload.ts';

export interface ReadingPlan {
  readonly name: string;
  readonly seconds: number;
  /** Bytes of cache for each byte of the set; default a fifth, so that most reads miss it. */
  readonly cacheShare?: number;
  /** Comes before the clock starts. */
  prepare?(engine: BenchEngine, context: WorkloadContext): void;
  /** @returns how many operations were done */
  read(engine: BenchEngine, context: WorkloadContext, effort: Effort, meter: Meter): Promise<number> | number;
}

export function readingWorkload(plan: ReadingPlan): Workload {
  return { name: plan.name, on: 'loaded', durable: false, run: (context) => runReads(plan, context) };
}

async function runReads(plan: ReadingPlan, context: WorkloadContext): Promise<Outcome> {
  const { sizes, directory } = context;
  warmPageCache(directory);
  const engine = await context.open({
    durable: false,
    cacheBytes: Math.round(sizes.setBytes * (plan.cacheShare ?? 0.2)),
    writeBufferBytes: defaultWriteBufferBytes,
  });
  plan.prepare?.(engine, context);
  const meter = Meter.start();
  const effort = { operations: Number.POSITIVE_INFINITY, seconds: plan.seconds * sizes.patience };
  const reading = meter.stop(await plan.read(engine, context, effort, meter));
  await engine.close();
  return { ...reading, options: engine.options };
}
