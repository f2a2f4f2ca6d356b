import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../core/bytes.ts';
import { MAX_KEY_BYTES } from '../core/index.ts';
import { keyAfter } from '../core/key-ranges.ts';
import { keyRangeOf } from './key-bounds.ts';
import type { Bounds } from './key-bounds.ts';

const key = fc.uint8Array({ maxLength: 3, min: 0 }).map((bytes) => bytes.map((byte) => [0, 1, 0xff][byte % 3] ?? 0));
const bounds = fc.record({ gt: key, gte: key, lt: key, lte: key }, { requiredKeys: [] });

/** As classic-level reads bounds: the inclusive one counts. */
function lies(candidate: Uint8Array, { gt, gte, lt, lte }: Bounds): boolean {
  const low = (gte ?? gt) as Uint8Array | undefined;
  const high = (lte ?? lt) as Uint8Array | undefined;
  if (low !== undefined && compareBytes(candidate, low) < (gte === undefined ? 1 : 0)) return false;
  return high === undefined || compareBytes(candidate, high) < (lte === undefined ? 0 : 1);
}

describe('bounds', () => {
  it('become a half-open range of the same keys', () => {
    fc.assert(
      fc.property(bounds, key, (given, candidate) => {
        const range = keyRangeOf(given);
        const inRange =
          range !== undefined &&
          compareBytes(range.from, candidate) <= 0 &&
          (range.to === undefined || compareBytes(candidate, range.to) < 0);
        expect(inRange).toBe(lies(candidate, given));
      }),
      { numRuns: 2000 },
    );
  });

  it('take strings as UTF-8', () => {
    expect(keyRangeOf({ gte: 'ä', lt: 'ö' })).toEqual({ from: Buffer.from('ä'), to: Buffer.from('ö') });
  });
});

describe('the key behind a key', () => {
  it('of the greatest length is no longer, and nothing lies between', () => {
    const longest = new Uint8Array(MAX_KEY_BYTES).fill(7);
    longest.fill(0xff, 3);
    expect(keyAfter(longest)).toEqual(Uint8Array.of(7, 7, 8));
    expect(keyAfter(new Uint8Array(MAX_KEY_BYTES).fill(0xff))).toBeUndefined();
    expect(keyRangeOf({ gt: new Uint8Array(MAX_KEY_BYTES).fill(0xff) })).toBeUndefined();
  });
});
