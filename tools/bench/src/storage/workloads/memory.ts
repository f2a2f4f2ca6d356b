/**
 * `memory`: how far the resident set goes beyond a budget while data many times larger is loaded and then read at
 * random. The values come from the pool's file one by one, so that nothing of the bench's own weighs in but Node.
 */
import { Meter } from '../../measurement/meter.ts';
import { Random } from '../../measurement/random.ts';
import { defaultWriteBufferBytes } from '../engines/bench-engine.ts';
import { fillKey, keyBytes, keyOf } from '../keys.ts';
import { largeValueBytes } from '../sizes.ts';
import { runCallers, runLoop } from './effort.ts';
import type { Workload } from './workload.ts';

const MIB = 1024 * 1024;
const memoryBudget = 256 * MIB;
const callers = 64;
const readSeconds = 10;

/** The figure is MiB of the resident set's high-water mark over the budget. */
export const memory: Workload = {
  name: 'memory',
  on: 'empty',
  durable: false,
  engines: ['ours'],
  valueBytes: largeValueBytes,
  special: true,
  async run(context) {
    const { sizes, valueBytes } = context;
    const values = context.openValues();
    const pairs = Math.floor(sizes.memoryLoadBytes / (keyBytes + valueBytes));
    const engine = await context.open({
      durable: false,
      cacheBytes: memoryBudget / 2,
      writeBufferBytes: defaultWriteBufferBytes,
      memoryBudget,
    });
    const meter = Meter.start();
    const whole = { operations: pairs, seconds: Number.POSITIVE_INFINITY };
    // Keys in an order that is neither sorted nor held in memory: a stride that meets every number once.
    const stride = strideFor(pairs);
    await runCallers(callers, whole, meter.latency, (number) =>
      engine.put(keyOf((number * stride) % pairs), values.value(number)),
    );
    await engine.flush();
    const [random, key] = [new Random(37), Buffer.alloc(keyBytes)];
    runLoop({ operations: pairs, seconds: readSeconds * sizes.patience }, meter.latency, () => {
      fillKey(key, random.below(pairs));
      if (engine.get(key) === undefined) throw new Error(`a stored key is missing: ${key.toString()}`);
    });
    const reading = meter.stop(pairs);
    const debt = engine.debt();
    await engine.close();
    const givenBytes = pairs * (keyBytes + valueBytes);
    const figure = ((reading.highWaterRssBytes ?? reading.peakRssBytes) - memoryBudget) / MIB;
    return { ...reading, options: engine.options, givenBytes, liveBytes: givenBytes, debt, figure };
  },
};

/** A number near the golden section of the count that has no divisor in common with it. */
function strideFor(count: number): number {
  let stride = Math.max(1, Math.floor(count * 0.618));
  while (greatestCommonDivisor(stride, count) !== 1) stride += 1;
  return stride;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
