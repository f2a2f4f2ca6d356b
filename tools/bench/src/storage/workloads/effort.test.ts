import { describe, expect, it } from 'vitest';
import { Histogram } from '../../measurement/histogram.ts';
import { runCallers, runLoop } from './effort.ts';

const forever = Number.POSITIVE_INFINITY;

describe('callers', () => {
  it('each await their own operation, and do every number once', async () => {
    const numbers: number[] = [];
    let [underWay, most] = [0, 0];
    const latency = new Histogram();
    const done = await runCallers(7, { operations: 100, seconds: forever }, latency, async (number) => {
      numbers.push(number);
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
    });
    expect(done).toBe(100);
    expect(latency.count).toBe(100);
    expect(most).toBe(7);
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });

  it('begin nothing after the time is over, and finish what they began', async () => {
    let finished = 0;
    const done = await runCallers(4, { operations: forever, seconds: 0.01 }, new Histogram(), async () => {
      await new Promise((resolve) => setImmediate(resolve));
      finished += 1;
    });
    expect(done).toBe(finished);
    expect(done).toBeGreaterThan(0);
  });

  it('let the event loop turn under operations that are done in the call', async () => {
    let turns = 0;
    let counting = true;
    const turn = (): void => {
      turns += 1;
      if (counting) setImmediate(turn);
    };
    setImmediate(turn);
    await runCallers(2, { operations: 1000, seconds: forever }, new Histogram(), () => undefined);
    counting = false;
    expect(turns).toBeGreaterThan(5);
  });

  it('fail with the first that fails', async () => {
    const run = runCallers(2, { operations: 10, seconds: forever }, new Histogram(), async (number) => {
      if (number === 3) throw new Error('the disk is full');
    });
    await expect(run).rejects.toThrow('the disk is full');
  });
});

describe('a loop', () => {
  it('times one of sixteen operations alone', () => {
    const latency = new Histogram();
    expect(runLoop({ operations: 160, seconds: forever }, latency, () => undefined)).toBe(160);
    expect(latency.count).toBe(10);
  });

  it('ends with its time', () => {
    expect(runLoop({ operations: forever, seconds: 0.005 }, new Histogram(), () => undefined)).toBeGreaterThan(0);
  });
});
