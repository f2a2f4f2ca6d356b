import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashIndex } from './hash-index.ts';

/** Few lower halves, so that most slots are taken by others. */
const hash = fc.tuple(fc.nat(0xffff), fc.nat(5)).map(([upper, lower]) => upper * 65_536 + lower);

function candidates(index: HashIndex, wanted: number): number[] {
  const found: number[] = [];
  for (let slot = index.next(wanted); slot >= 0; slot = index.next(wanted, slot + 1)) found.push(index.indexAt(slot));
  return found;
}

describe('hash index', () => {
  it('gives every entry whose hash has the same upper half, each once, however full its part of the table is', () => {
    fc.assert(
      fc.property(fc.array(hash, { minLength: 1, maxLength: 200 }), hash, (hashes, other) => {
        const index = new HashIndex(hashes.length);
        for (const [i, each] of hashes.entries()) index.add(each, i);
        for (const [i, each] of hashes.entries()) expect(candidates(index, each)).toContain(i);
        const found = candidates(index, other);
        expect(new Set(found).size).toBe(found.length);
        for (const i of found) expect(hashes[i]! >>> 16).toBe(other >>> 16);
      }),
    );
  });

  it('takes the memory that it says, and always has a free slot', () => {
    for (const count of [200, 341, 342, 1000, 65_535]) {
      const slots = HashIndex.bytesFor(count) / 4;
      expect(Number.isInteger(Math.log2(slots))).toBe(true);
      expect(slots).toBeGreaterThan(count * 1.49);
      expect(slots).toBeLessThanOrEqual(3 * count + 2);
    }
    expect([199, 65_536].map((count) => HashIndex.bytesFor(count))).toEqual([0, 0]);
  });
});
