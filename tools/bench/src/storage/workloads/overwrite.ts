/** `overwrite`: 64 callers replace random values of a loaded set; then everything is flushed. */
import { Meter } from '../../measurement/meter.ts';
import { Random } from '../../measurement/random.ts';
import { defaultWriteBufferBytes } from '../engines/bench-engine.ts';
import { keyBytes, keyOf } from '../keys.ts';
import { runCallers } from './effort.ts';
import { writeCacheBytes } from './put.ts';
import type { Workload } from './workload.ts';

const callers = 64;
const seconds = 6;

export const overwrite: Workload = {
  name: 'overwrite',
  on: 'loaded',
  durable: false,
  async run(context) {
    const { sizes, valueBytes } = context;
    const values = context.loadValues();
    const random = new Random(7);
    const engine = await context.open({
      durable: false,
      cacheBytes: writeCacheBytes,
      writeBufferBytes: defaultWriteBufferBytes,
    });
    const meter = Meter.start();
    const effort = { operations: sizes.pairs, seconds: seconds * sizes.patience };
    const puts = await runCallers(callers, effort, meter.latency, (number) =>
      engine.put(keyOf(random.below(sizes.pairs)), values.value(number)),
    );
    await engine.flush();
    const reading = meter.stop(puts);
    const debt = engine.debt();
    await engine.close();
    const pair = keyBytes + valueBytes;
    return { ...reading, options: engine.options, givenBytes: puts * pair, liveBytes: sizes.pairs * pair, debt };
  },
};
