/** `write-amplification`: a set is stored and overwritten five times whole, in a new random order each time. */
import { Meter } from '../../measurement/meter.ts';
import { defaultWriteBufferBytes } from '../engines/bench-engine.ts';
import { keyBytes, keyOf, shuffled } from '../keys.ts';
import { largeValueBytes } from '../sizes.ts';
import { runCallers } from './effort.ts';
import { writeCacheBytes } from './put.ts';
import type { Workload } from './workload.ts';

const passes = 6;
const callers = 64;
/** An engine that takes longer is measured by what it got done. */
const seconds = 75;

export const writeAmplification: Workload = {
  name: 'write-amplification',
  on: 'empty',
  durable: false,
  engines: ['ours', 'classic-level', 'lmdb'],
  valueBytes: largeValueBytes,
  special: true,
  async run(context) {
    const { sizes, valueBytes } = context;
    const values = context.loadValues();
    let order = shuffled(sizes.pairs);
    const engine = await context.open({
      durable: false,
      cacheBytes: writeCacheBytes,
      writeBufferBytes: defaultWriteBufferBytes,
    });
    const meter = Meter.start();
    const effort = { operations: passes * sizes.pairs, seconds: seconds * sizes.patience };
    const puts = await runCallers(callers, effort, meter.latency, (number) => {
      const place = number % sizes.pairs;
      if (place === 0 && number > 0) order = shuffled(sizes.pairs, number);
      return engine.put(keyOf(order[place] ?? 0), values.value(number));
    });
    await engine.flush();
    const reading = meter.stop(puts);
    const debt = engine.debt();
    await engine.close();
    const pair = keyBytes + valueBytes;
    const [givenBytes, liveBytes] = [puts * pair, Math.min(puts, sizes.pairs) * pair];
    const figure = reading.writtenBytes === undefined ? {} : { figure: reading.writtenBytes / givenBytes };
    return { ...reading, options: engine.options, givenBytes, liveBytes, debt, ...figure };
  },
};
