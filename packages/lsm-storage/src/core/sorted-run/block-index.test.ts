import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../bytes.ts';
import { CorruptionError } from '../errors.ts';
import { BlockIndex, BlockIndexWriter } from './block-index.ts';

const place = { file: 'manifest', offset: 0 };

/** Blocks, each with the keys it holds, in order over all blocks. */
const blocks = fc
  .uniqueArray(fc.uint8Array({ maxLength: 5 }), { selector: (key) => key.join(), minLength: 1, maxLength: 40 })
  .chain((keys) => {
    const sorted = keys.sort(compareBytes);
    return fc.integer({ min: 1, max: 5 }).map((size) => {
      return Array.from({ length: Math.ceil(sorted.length / size) }, (_, i) => sorted.slice(i * size, (i + 1) * size));
    });
  });

function indexOf(list: readonly (readonly Uint8Array[])[]): BlockIndex {
  const writer = new BlockIndexWriter();
  for (const [i, keys] of list.entries()) {
    writer.add(list[i - 1]?.at(-1), keys[0]!, { position: i * 2 ** 40, storedLength: i });
  }
  return new BlockIndex(writer.finish(), place);
}

describe('block index', () => {
  it('names the block of every key', () => {
    fc.assert(
      fc.property(blocks, (list) => {
        const index = indexOf(list);
        expect(index.blocks).toBe(list.length);
        for (const [i, keys] of list.entries()) {
          for (const key of keys) expect(index.blockFor(key)).toBe(i);
          expect(index.pointer(i)).toEqual({ position: i * 2 ** 40, storedLength: i });
        }
      }),
    );
  });

  it('stores no more of a key than tells it from the one before', () => {
    const writer = new BlockIndexWriter();
    const key = (last: number): Uint8Array => Uint8Array.from([...new Uint8Array(100).fill(7), last, 1, 2, 3]);
    writer.add(undefined, key(1), { position: 0, storedLength: 0 });
    writer.add(key(1), key(9), { position: 1, storedLength: 0 });
    const [page] = writer.finish();
    expect(page).toHaveLength(1 + 2 + (1 + 101 + 2));
  });

  it('spreads over pages and comes back whole', () => {
    const list = Array.from({ length: 3000 }, (_, i) => [new TextEncoder().encode(`${'x'.repeat(60)}${10_000 + i}`)]);
    const writer = new BlockIndexWriter();
    for (const [i, [key]] of list.entries()) writer.add(list[i - 1]?.[0], key!, { position: i, storedLength: 1 });
    const pages = writer.finish();
    expect(pages.length).toBeGreaterThan(1);
    const index = new BlockIndex(pages, place);
    expect(list.every(([key], i) => index.blockFor(key!) === i)).toBe(true);
  });

  it('decodes any page to an index or to a CorruptionError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (page) => {
        try {
          new BlockIndex([page], place).blockFor(page);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptionError);
        }
      }),
    );
  });
});
