import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillMissingKey, keyBytes, keyOf, shuffled } from './keys.ts';

describe('keys', () => {
  it('have 16 bytes and the order of their numbers, with a missing one between any two', () => {
    const entry = fc.integer({ min: 0, max: 2 ** 40 });
    fc.assert(
      fc.property(entry, entry, (a, b) => {
        expect(keyOf(a)).toHaveLength(keyBytes);
        expect(Math.sign(Buffer.compare(keyOf(a), keyOf(b)))).toBe(Math.sign(a - b));
        const missing = Buffer.alloc(keyBytes);
        fillMissingKey(missing, a);
        expect(Buffer.compare(keyOf(a), missing)).toBe(-1);
        expect(Buffer.compare(missing, keyOf(a + 1))).toBe(-1);
      }),
    );
  });

  it('are shuffled into the same order every time, each once', () => {
    const order = shuffled(1000);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    expect(order).toEqual(shuffled(1000));
    expect(order).not.toEqual(shuffled(1000, 2));
    expect(order).not.toEqual(Uint32Array.from(order).sort());
  });
});
