import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../bytes.ts';
import { firstNotBelow, headOf } from './key-heads.ts';

const key = fc.array(fc.constantFrom(0, 1, 127, 128, 255), { maxLength: 6 }).map((bytes) => Uint8Array.from(bytes));
const head = (bytes: Uint8Array): number => headOf(bytes, 0, bytes.length);

describe('key heads', () => {
  it('never contradict the order of the keys', () => {
    fc.assert(
      fc.property(key, key, (left, right) => {
        if (compareBytes(left, right) <= 0) expect(head(left)).toBeLessThanOrEqual(head(right));
        else expect(head(left)).toBeGreaterThanOrEqual(head(right));
      }),
    );
  });

  it('are of the part of the bytes that is meant, and no other', () => {
    expect(headOf(Uint8Array.of(9, 1, 0, 9), 1, 3)).toBe(head(Uint8Array.of(1, 0)));
    expect(head(Uint8Array.of(255, 255, 255, 255, 255))).toBe(2 ** 31 - 1);
    expect(head(new Uint8Array(0))).toBe(0);
  });

  it('are searched for the first that is not smaller', () => {
    const heads = fc.array(fc.oneof(fc.nat(20), fc.nat(2 ** 31 - 1)), { maxLength: 40 });
    fc.assert(
      fc.property(heads, fc.oneof(fc.nat(21), fc.nat(2 ** 31 - 1)), (list, wanted) => {
        const sorted = Int32Array.from(list).sort();
        expect(firstNotBelow(sorted, wanted)).toBe(list.filter((each) => each < wanted).length);
      }),
      { numRuns: 500 },
    );
  });
});
