import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes, compareRange, concatBytes, copyBytes, nameOf, sharedPrefixLength } from './bytes.ts';

const key = fc.uint8Array({ maxLength: 12 });

describe('bytes', () => {
  it('compare as Buffer.compare does, also within a range', () => {
    fc.assert(
      fc.property(key, key, fc.nat(5), (left, right, before) => {
        const expected = Buffer.compare(left, right);
        expect(Math.sign(compareBytes(left, right))).toBe(expected);
        const surrounded = concatBytes([new Uint8Array(before), left, Uint8Array.of(9)]);
        expect(Math.sign(compareRange(surrounded, before, before + left.length, right))).toBe(expected);
      }),
    );
  });

  it('have names that are equal and ordered as they are', () => {
    fc.assert(
      fc.property(key, key, (left, right) => {
        const order = nameOf(left) < nameOf(right) ? -1 : nameOf(left) > nameOf(right) ? 1 : 0;
        expect(order).toBe(Buffer.compare(left, right));
      }),
    );
  });

  it('have names at any length', () => {
    const long = Uint8Array.from({ length: 65_535 }, (_, i) => i % 256);
    expect(nameOf(long)).toBe(Buffer.from(long).toString('latin1'));
  });

  it('share a prefix up to the first difference', () => {
    expect(sharedPrefixLength(Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 4))).toBe(2);
    expect(sharedPrefixLength(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 4))).toBe(2);
    expect(sharedPrefixLength(new Uint8Array(0), Uint8Array.of(1))).toBe(0);
  });

  it('are copied to memory of their own, also out of a Buffer, whose slice shares', () => {
    const buffer = Buffer.from([1, 2, 3]);
    const copy = copyBytes(buffer);
    buffer[0] = 9;
    expect(copy).toEqual(Uint8Array.of(1, 2, 3));
    expect(copy.constructor).toBe(Uint8Array);
  });
});
