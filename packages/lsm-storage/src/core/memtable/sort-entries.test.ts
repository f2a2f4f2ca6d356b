import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../bytes.ts';
import { EntryArena } from './entry-arena.ts';
import { KIND_PUT } from './log-entry.ts';
import { SlabPool } from './slab-pool.ts';
import { sortEntries } from './sort-entries.ts';

const NONE = new Uint8Array(0);

function sorted(keys: readonly Uint8Array[]): Uint8Array[] {
  const arena = new EntryArena(new SlabPool(4096, 0));
  arena.beginGroup(0);
  const numbers = keys.map((key) => arena.append(KIND_PUT, key, NONE, 0, NONE));
  return [...sortEntries(arena, numbers)].map((entry) => arena.key(entry).slice());
}

/** Few letters, zero among them, so that prefixes, equal heads and keys that end within them are common. */
const tail = fc.uint8Array({ max: 3, maxLength: 14 });
const wide = fc.uint8Array({ maxLength: 12 });

describe('sorting entries by key', () => {
  it.each([
    ['few', 0, 100],
    ['many', 600, 900],
  ])('puts %s keys in byte order, whatever they have in common', (_, minLength, maxLength) => {
    const drawn = fc.uniqueArray(fc.oneof(tail, wide), {
      minLength,
      maxLength,
      size: 'max',
      comparator: (left, right) => compareBytes(left, right) === 0,
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), drawn, (prefix, tails) => {
        const keys = tails.map((each) => Uint8Array.from([...prefix, ...each]));
        expect(sorted(keys)).toEqual([...keys].sort(compareBytes));
      }),
      { numRuns: 40 },
    );
  });

  it('holds for heads that use all bits', () => {
    const keys = Array.from({ length: 70_000 }, (_, i) => {
      const hash = Math.imul(i + 1, 0x9e3779b1) >>> 0;
      return Uint8Array.of(hash >>> 24, hash >>> 16, hash >>> 8, hash, i >>> 8, i);
    });
    expect(sorted(keys)).toEqual([...keys].sort(compareBytes));
  });
});
