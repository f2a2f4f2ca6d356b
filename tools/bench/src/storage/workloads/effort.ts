/** How operations are driven and timed: by callers that each await their own, or one after the other in one go. */
import { setImmediate } from 'node:timers/promises';
import type { Histogram } from '../../measurement/histogram.ts';

export interface Effort {
  /** At most so many operations … */
  readonly operations: number;
  /** … and none is begun after so many seconds. */
  readonly seconds: number;
}

/** After so many operations that were done in the call itself the event loop gets its turn. */
const turnEvery = 64;

/**
 * Runs callers that each await their own operation before they begin the next; latencies are of every operation.
 *
 * @param operate gets the number of the operation, counted over all callers
 * @returns how many operations were done
 */
export async function runCallers(
  callers: number,
  { operations, seconds }: Effort,
  latency: Histogram,
  operate: (number: number) => Promise<void> | undefined,
): Promise<number> {
  const deadline = performance.now() + seconds * 1000;
  let begun = 0;
  const call = async (): Promise<void> => {
    while (begun < operations) {
      const started = performance.now();
      if (started > deadline) return;
      const number = begun++;
      const pending = operate(number);
      if (pending !== undefined) await pending;
      latency.record((performance.now() - started) * 1e6);
      if (pending === undefined && number % turnEvery === 0) await setImmediate();
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return begun;
}

/** Of so many synchronous operations one is timed alone: reading the clock would weigh on all of them. */
const sampleEvery = 16;

/** Runs synchronous operations one after the other. @returns how many were done */
export function runLoop(
  { operations, seconds }: Effort,
  latency: Histogram,
  operate: (number: number) => void,
): number {
  const deadline = performance.now() + seconds * 1000;
  let done = 0;
  while (done < operations) {
    const started = performance.now();
    if (started > deadline) break;
    operate(done++);
    latency.record((performance.now() - started) * 1e6);
    for (let more = 1; more < sampleEvery; more++) operate(done++);
  }
  return done;
}

/** As {@link runLoop}, of operations that may each have to be awaited. */
export async function runSteps(
  { operations, seconds }: Effort,
  latency: Histogram,
  operate: () => Promise<number> | number,
): Promise<number> {
  const deadline = performance.now() + seconds * 1000;
  let done = 0;
  while (done < operations) {
    const started = performance.now();
    if (started > deadline) break;
    const pending = operate();
    done += typeof pending === 'number' ? pending : await pending;
    latency.record((performance.now() - started) * 1e6);
  }
  return done;
}
