/** `event-loop`: how late timers are while 16 callers store 10 kB values durably. The figure is the 99th percentile in ms. */
import { largeValueBytes } from '../sizes.ts';
import { runPuts } from './put.ts';
import type { Workload } from './workload.ts';

const plan = { name: 'event-loop', writers: 16, durable: true, seconds: 8 };

export const eventLoop: Workload = {
  name: plan.name,
  on: 'empty',
  durable: true,
  valueBytes: largeValueBytes,
  special: true,
  async run(context) {
    const outcome = await runPuts(plan, context);
    return outcome.eventLoopDelayP99Ms === undefined ? outcome : { ...outcome, figure: outcome.eventLoopDelayP99Ms };
  },
};
