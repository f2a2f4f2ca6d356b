import { describe, expect, it } from 'vitest';
import { HedgeBudget } from './hedge-budget.ts';
import { LatencyTracker } from './latency-tracker.ts';

/** A pseudo-random sequence in [0, 1) (xorshift32, Marsaglia 2003). */
function drawing(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

describe('a tracker of latencies', () => {
  it.each([
    ['even', (draw: () => number) => 1 + draw()],
    ['exponential', (draw: () => number) => -5 * Math.log(1 - draw())],
    ['with a long tail', (draw: () => number) => (draw() < 0.95 ? 2 + draw() : 20 + 20 * draw())],
  ])('finds the usual latency and where about one of a hundred is above: %s', (_name, latencyOf) => {
    const tracker = new LatencyTracker();
    const draw = drawing(7);
    let sum = 0;
    for (let i = 0; i < 20_000; i += 1) tracker.record('a', latencyOf(draw), i);
    let above = 0;
    for (let i = 0; i < 20_000; i += 1) {
      const latency = latencyOf(draw);
      sum += latency;
      if (latency > tracker.percentileMs('a')!) above += 1;
      tracker.record('a', latency, 20_000 + i);
    }
    expect(above / 20_000).toBeGreaterThan(0.004);
    expect(above / 20_000).toBeLessThan(0.025);
    const mean = sum / 20_000;
    expect(tracker.usualMs('a', 40_000)).toBeGreaterThan(mean / 4);
    expect(tracker.usualMs('a', 40_000)).toBeLessThan(mean * 4);
  });

  it('tells who became slow within a few answers, and lets it be tried again after a while', () => {
    const tracker = new LatencyTracker();
    for (let i = 0; i < 100; i += 1) {
      tracker.record('a', 1, i);
      tracker.record('b', 2, i);
    }
    expect(tracker.usualMs('a', 100)).toBeLessThan(tracker.usualMs('b', 100));
    for (let i = 0; i < 3; i += 1) tracker.record('a', 200, 100);
    expect(tracker.usualMs('a', 100)).toBeGreaterThan(10 * tracker.usualMs('b', 100));
    const later = 200_000;
    tracker.record('b', 2, later);
    expect(tracker.usualMs('a', later)).toBeLessThan(tracker.usualMs('b', later));
  });

  it('has everybody tried of whom nothing is known, and forgets', () => {
    const tracker = new LatencyTracker();
    expect([tracker.usualMs('a', 0), tracker.percentileMs('a')]).toEqual([0, undefined]);
    tracker.record('a', 5, 0);
    expect([tracker.usualMs('a', 0), tracker.percentileMs('a')]).toEqual([5, 15]);
    tracker.forget('a');
    expect(tracker.percentileMs('a')).toBeUndefined();
  });
});

describe('a budget of hedges', () => {
  it('allows a burst, then a share of the reads', () => {
    const budget = new HedgeBudget(0.05, 10);
    let taken = 0;
    for (let read = 0; read < 10_000; read += 1) {
      budget.earn();
      if (budget.take()) taken += 1;
    }
    expect(taken).toBeGreaterThanOrEqual(500);
    expect(taken).toBeLessThanOrEqual(510);
  });

  it('saves no more than a burst, and gets back what was not needed', () => {
    const budget = new HedgeBudget(0.5, 2);
    for (let i = 0; i < 100; i += 1) budget.earn();
    expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false]);
    budget.giveBack();
    expect([budget.take(), budget.take()]).toEqual([true, false]);
  });
});
