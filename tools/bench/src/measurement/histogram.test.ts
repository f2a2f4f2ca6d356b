import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.ts';

const duration = fc.oneof(
  fc.integer({ min: 0, max: 200 }),
  fc.integer({ min: 0, max: 2 ** 42 - 1 }),
  fc.integer({ min: 0, max: 42 }).map((bits) => 2 ** bits - 1),
);

function recorded(durations: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const ns of durations) histogram.record(ns);
  return histogram;
}

/** The nearest-rank definition: the smallest value that at least the given share does not exceed. */
function exactPercentile(durations: readonly number[], share: number): number {
  const sorted = [...durations].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]!;
}

describe('a histogram', () => {
  it('is never below a percentile and at most 1/64 above it', () => {
    fc.assert(
      fc.property(fc.array(duration, { minLength: 1 }), fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
        const exact = exactPercentile(all, share);
        const found = recorded(all).percentileNs(share)!;
        expect(found).toBeGreaterThanOrEqual(exact);
        expect(found).toBeLessThanOrEqual(exact + exact / 64);
      }),
      { numRuns: 300 },
    );
  });

  it('knows the longest exactly, and how many there were', () => {
    const histogram = recorded([5, 1_234_567, 8]);
    expect(histogram).toMatchObject({ count: 3, maxNs: 1_234_567 });
    expect(histogram.percentileNs(1)).toBe(1_234_567);
  });

  it('counts what is out of bounds at the bound', () => {
    const histogram = recorded([-3, 2 ** 50]);
    expect(histogram.percentileNs(0.5)).toBe(0);
    expect(histogram.maxNs).toBe(2 ** 42 - 1);
  });

  it('of nothing has no percentile', () => {
    expect(new Histogram().percentileNs(0.5)).toBeUndefined();
  });
});
