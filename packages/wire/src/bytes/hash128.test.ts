import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hash128Hex } from './hash128.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('hash128', () => {
  it.each([
    // What MurmurHash3_x86_128 gives with seed 0 for whole blocks, and for nothing.
    ['', '00000000000000000000000000000000'],
    ['0123456789abcdef', 'fb7d440936aed30a48ad1d9b572b3bfd'],
    ['0123456789abcdef0123456789abcdef', '1f5c0a6453f841bce8a669faa3e7b577'],
  ])('is frozen: %j', (text, hex) => {
    expect(hash128Hex(bytesOf(text))).toBe(hex);
  });

  it('tells inputs apart that differ in one bit, in length, or by zeros at their end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), fc.nat(), (bytes, seed) => {
        const bit = seed % (8 * bytes.length);
        const flipped = bytes.with(bit >> 3, bytes[bit >> 3]! ^ (1 << (bit & 7)));
        const longer = Uint8Array.of(...bytes, 0);
        expect(new Set([bytes, flipped, longer].map(hash128Hex)).size).toBe(3);
      }),
    );
  });

  it('has no collisions among many close inputs, also not in a quarter of its bits', () => {
    const hashes = Array.from({ length: 20_000 }, (_, index) => hash128Hex(bytesOf(`key ${index}`)));
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(new Set(hashes.map((hash) => hash.slice(0, 16))).size).toBe(hashes.length);
  });
});
