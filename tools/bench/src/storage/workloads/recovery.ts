/**
 * `recovery`: how long an engine takes to open after its process was killed with much in the commit log. The write
 * buffer is larger than the log, so that nothing of it was flushed before.
 */
import { allocatedBytes } from '../../measurement/directory.ts';
import { Meter } from '../../measurement/meter.ts';
import type { EngineOptions } from '../engines/bench-engine.ts';
import { keyBytes, keyOf, shuffled } from '../keys.ts';
import type { Sizes } from '../sizes.ts';
import { runCallers } from './effort.ts';
import type { Workload } from './workload.ts';

const MIB = 1024 * 1024;
const callers = 64;

const options: Omit<EngineOptions, 'valueBytes'> = {
  durable: false,
  cacheBytes: 64 * MIB,
  writeBufferBytes: 384 * MIB,
  memoryBudget: 1024 * MIB,
};

/** Fills the commit log and kills its own process: it never resolves. */
export const fillLog: Workload = {
  name: 'fill-log',
  on: 'empty',
  durable: false,
  async run(context) {
    const { sizes, valueBytes } = context;
    const values = context.loadValues();
    const pairs = logPairs(sizes, valueBytes);
    const order = shuffled(pairs);
    const engine = await context.open(options);
    const whole = { operations: pairs, seconds: Number.POSITIVE_INFINITY };
    await runCallers(callers, whole, Meter.start().latency, (number) =>
      engine.put(keyOf(order[number] ?? 0), values.value(number)),
    );
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => undefined);
  },
};

/** The figure is the seconds that the opening took. Every acknowledged write is then looked for. */
export const recovery: Workload = {
  name: 'recovery',
  on: 'killed',
  durable: false,
  engines: ['ours', 'classic-level'],
  special: true,
  async run(context) {
    const { sizes, valueBytes, directory } = context;
    const pairs = logPairs(sizes, valueBytes);
    const left = allocatedBytes(directory);
    const meter = Meter.start();
    const engine = await context.open(options);
    const reading = meter.stop(1);
    for (let entry = 0; entry < pairs; entry++) {
      if (engine.get(keyOf(entry)) === undefined) throw new Error(`acknowledged write ${entry} of ${pairs} is lost`);
    }
    const debt = `${(left / MIB).toFixed(0)} MiB found`;
    await engine.close();
    const liveBytes = pairs * (keyBytes + valueBytes);
    return { ...reading, options: engine.options, liveBytes, debt, figure: reading.seconds };
  },
};

function logPairs(sizes: Sizes, valueBytes: number): number {
  return Math.floor(sizes.logBytes / (keyBytes + valueBytes));
}
