import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArrivalWindow } from './arrival-window.ts';

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
}

describe('ArrivalWindow', () => {
  it('starts with the mean that is expected and half of it as deviation', () => {
    const window = new ArrivalWindow(10, 1000);
    expect(window.meanMs).toBe(1000);
    expect(window.deviationMs).toBe(500);
  });

  it('holds the mean and deviation of the last intervals, whatever came before', () => {
    const interval = fc.double({ min: 0, max: 5000, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.array(interval, { maxLength: 200 }), (capacity, intervals) => {
        const window = new ArrivalWindow(capacity, 1000);
        for (const one of intervals) window.add(one);
        const held = [500, 1500, ...intervals].slice(-capacity);
        expect(window.size).toBe(held.length);
        expect(window.meanMs).toBeCloseTo(meanOf(held), 6);
        expect(window.deviationMs).toBeCloseTo(deviationOf(held), 2);
      }),
    );
  });

  it('does not drift over two hundred thousand intervals', () => {
    const window = new ArrivalWindow(7, 1000);
    for (let index = 0; index < 200_000; index += 1) window.add(1000 + (index % 13) * 0.1);
    const held = Array.from({ length: 7 }, (_, back) => 1000 + ((199_999 - back) % 13) * 0.1);
    expect(window.meanMs).toBeCloseTo(meanOf(held), 9);
    expect(window.deviationMs).toBeCloseTo(deviationOf(held), 4);
  });
});
