/** Stores the set that the reading workloads share: in random order, then merged, so that all of it is in its place. */
import { Meter } from '../../measurement/meter.ts';
import { defaultWriteBufferBytes } from '../engines/bench-engine.ts';
import { keyBytes, shuffled } from '../keys.ts';
import { batches } from './batch.ts';
import { runSteps } from './effort.ts';
import { writeCacheBytes } from './put.ts';
import type { Workload } from './workload.ts';

/** Bytes of a batch, about. */
const batchBytes = 1024 * 1024;

export const load: Workload = {
  name: 'load',
  on: 'empty',
  durable: false,
  async run(context) {
    const { sizes, valueBytes } = context;
    const values = context.loadValues();
    const engine = await context.open({
      durable: false,
      cacheBytes: writeCacheBytes,
      writeBufferBytes: defaultWriteBufferBytes,
    });
    const length = Math.max(1, Math.floor(batchBytes / (keyBytes + valueBytes)));
    const meter = Meter.start();
    const whole = { operations: sizes.pairs, seconds: Number.POSITIVE_INFINITY };
    await runSteps(whole, meter.latency, batches(engine, shuffled(sizes.pairs), values, length));
    await engine.compact();
    const reading = meter.stop(sizes.pairs);
    await engine.close();
    const givenBytes = sizes.pairs * (keyBytes + valueBytes);
    return { ...reading, options: engine.options, givenBytes, liveBytes: givenBytes };
  },
};
