import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareStamps, isStamp, maxStampCounter, maxStampMs, nextStamp, type Stamp, zeroStamp } from './stamp.ts';

const ms = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: maxStampMs }), fc.constant(maxStampMs));
const counter = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: maxStampCounter }));
const stamps = fc.record({ ms, counter });

/** The model: a stamp is one 64-bit number, 48 bits of milliseconds above 16 bits of counter. */
function asNumber(stamp: Stamp): bigint {
  return (BigInt(stamp.ms) << 16n) | BigInt(stamp.counter);
}

describe('compareStamps', () => {
  it('orders stamps as the 64-bit numbers that they are', () => {
    fc.assert(
      fc.property(stamps, stamps, (a, b) => {
        const [x, y] = [asNumber(a), asNumber(b)];
        expect(Math.sign(compareStamps(a, b))).toBe(x < y ? -1 : x > y ? 1 : 0);
      }),
    );
  });

  it('puts zero before everything', () => {
    fc.assert(
      fc.property(stamps, (stamp) => {
        expect(compareStamps(zeroStamp, stamp)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe('nextStamp', () => {
  it('is the very next number, so nothing fits in between', () => {
    fc.assert(
      fc.property(stamps, (stamp) => {
        expect(asNumber(nextStamp(stamp))).toBe(asNumber(stamp) + 1n);
      }),
    );
  });

  it('borrows the next millisecond when the counter is exhausted', () => {
    expect(nextStamp({ ms: 7, counter: maxStampCounter })).toEqual({ ms: 8, counter: 0 });
  });
});

describe('isStamp', () => {
  it('accepts what 48 and 16 bits hold', () => {
    fc.assert(
      fc.property(stamps, (stamp) => {
        expect(isStamp(stamp)).toBe(true);
      }),
    );
  });

  it.each<[string, Stamp]>([
    ['a negative time', { ms: -1, counter: 0 }],
    ['a time of 49 bits', { ms: 2 ** 48, counter: 0 }],
    ['a fraction of a millisecond', { ms: 1.5, counter: 0 }],
    ['no number', { ms: Number.NaN, counter: 0 }],
    ['an infinite time', { ms: Number.POSITIVE_INFINITY, counter: 0 }],
    ['a negative counter', { ms: 0, counter: -1 }],
    ['a counter of 17 bits', { ms: 0, counter: 2 ** 16 }],
    ['a fractional counter', { ms: 0, counter: 0.5 }],
  ])('rejects %s', (_, stamp) => {
    expect(isStamp(stamp)).toBe(false);
  });
});
