import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PhiAccrualDetector, type PhiAccrualOptions } from './phi-accrual-detector.ts';

const options: PhiAccrualOptions = {
  expectedIntervalMs: 1000,
  threshold: 8,
  minDeviationMs: 500,
  windowSize: 128,
  maxIntervalMs: 5000,
};

/** A detector that saw the intervals given, one after the other, from time 0. */
function after(intervals: readonly number[], overrides: Partial<PhiAccrualOptions> = {}): PhiAccrualDetector {
  const detector = new PhiAccrualDetector({ ...options, ...overrides }, 0);
  let now = 0;
  for (const interval of intervals) {
    now += interval;
    detector.arrived(now);
  }
  return detector;
}

const regular = Array.from({ length: 200 }, () => 1000);

describe('PhiAccrualDetector', () => {
  it('reaches phi 8 after about 4 s of silence at one arrival a second', () => {
    const detector = after(regular);
    const { lastArrivalAt } = detector;
    expect(detector.phi(lastArrivalAt + 3500)).toBeLessThan(8);
    expect(detector.phi(lastArrivalAt + 4000)).toBeGreaterThan(8);
    // 1000 + 5.612 * 500, the normal quantile at 1 - 10^-8.
    expect(detector.patienceMs).toBeCloseTo(3806, 0);
  });

  it('judges alike before it has learned anything', () => {
    const detector = after([]);
    expect(detector.patienceMs).toBeCloseTo(3806, 0);
  });

  it('has phi 0.3 at the mean: half of the arrivals come later', () => {
    expect(after(regular).phi(200_000 + 1000)).toBeCloseTo(Math.log10(2), 9);
  });

  /** -log10(erfc((2750 - 1500) / 500 / sqrt 2) / 2) by mpmath: mean 1500 and deviation 500 after the start has scrolled out. */
  it('learns the mean and deviation of what arrives', () => {
    const alternating = Array.from({ length: 128 }, (_, index) => (index % 2 === 0 ? 1000 : 2000));
    const detector = after(alternating, { minDeviationMs: 1 });
    expect(detector.phi(detector.lastArrivalAt + 2750)).toBeCloseTo(2.206_931_805_795_301, 9);
  });

  it('is as patient as phi is: the threshold is crossed exactly at the end of the patience', () => {
    const interval = fc.double({ min: 0, max: 8000, noNaN: true });
    const thresholds = fc.double({ min: 1, max: 16, noNaN: true });
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 50 }), thresholds, (intervals, threshold) => {
        const detector = after(intervals, { threshold });
        const { lastArrivalAt, patienceMs } = detector;
        expect(detector.phi(lastArrivalAt + patienceMs)).toBeCloseTo(threshold, 6);
        expect(detector.phi(lastArrivalAt + patienceMs - 1)).toBeLessThan(threshold);
      }),
    );
  });

  it('never grows less suspicious while silence lasts', () => {
    const times = fc.array(fc.double({ min: 0, max: 60_000, noNaN: true }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(times, (silences) => {
        const detector = after(regular);
        const phis = silences.sort((a, b) => a - b).map((silence) => detector.phi(200_000 + silence));
        expect(phis).toEqual([...phis].sort((a, b) => a - b));
      }),
    );
  });

  it('learns little patience from one long outage', () => {
    const detector = after([...regular, 3_600_000]);
    expect(detector.patienceMs).toBeLessThan(4000);
  });

  it('adapts to a slower rhythm, so that the slow are not suspected over and over', () => {
    const slow = Array.from({ length: 20 }, () => 3000);
    expect(after([...regular.slice(0, 20), ...slow]).patienceMs).toBeGreaterThan(7000);
  });

  it('takes a pause of its own out of the silence, and never reaches into the future', () => {
    const detector = after(regular);
    const before = detector.phi(202_000);
    detector.excuse(30_000, 232_000);
    expect(detector.phi(232_000)).toBe(before);
    detector.excuse(1_000_000, 232_500);
    expect(detector.lastArrivalAt).toBe(232_500);
  });

  it('takes an arrival earlier than the last one as one at the same time', () => {
    const detector = after([1000, 1000]);
    detector.arrived(1500);
    expect(detector.lastArrivalAt).toBe(2000);
    expect(detector.patienceMs).toBe(after([1000, 1000, 0]).patienceMs);
  });
});
