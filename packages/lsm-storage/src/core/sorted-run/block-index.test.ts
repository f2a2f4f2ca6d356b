import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../bytes.ts';
import { CorruptionError } from '../errors.ts';
import { BlockIndex, BlockIndexWriter, separatorOf } from './block-index.ts';

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

function write(list: readonly (readonly Uint8Array[])[]): Uint8Array {
  const writer = new BlockIndexWriter();
  let position = 2 ** 40;
  for (const [i, keys] of list.entries()) {
    writer.add(separatorOf(list[i - 1]?.at(-1), keys[0]!), { position, storedLength: 100 * i });
    position += 16 + 100 * i;
  }
  const announced = writer.bytes;
  const page = writer.finish();
  expect(page.length).toBe(announced);
  return page;
}

describe('block index', () => {
  it('names the block of every key, and where it lies', () => {
    fc.assert(
      fc.property(blocks, (list) => {
        const index = new BlockIndex(write(list), place);
        expect(index.blocks).toBe(list.length);
        let position = 2 ** 40;
        for (const [i, keys] of list.entries()) {
          for (const key of keys) expect(index.blockFor(key)).toBe(i);
          expect(index.pointer(i)).toEqual({ position, storedLength: 100 * i });
          expect(index.position(i)).toBe(position);
          position += 16 + 100 * i;
        }
      }),
    );
  });

  it('is written from nothing after each page', () => {
    const writer = new BlockIndexWriter();
    const fill = (): Uint8Array => {
      writer.add(Uint8Array.of(1), { position: 24, storedLength: 7 });
      writer.add(Uint8Array.of(2), { position: 47, storedLength: 8 });
      return writer.finish();
    };
    expect(fill()).toEqual(fill());
    expect(writer.blocks).toBe(0);
  });

  it('decodes any page to an index or to a CorruptionError', () => {
    const mutated = fc.tuple(blocks, fc.nat(), fc.nat(255), fc.nat(3)).map(([list, at, byte, cut]) => {
      const page = write(list);
      page[at % page.length] = byte;
      return page.subarray(0, page.length - cut);
    });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 40 })), (page) => {
        try {
          const index = new BlockIndex(page, place);
          expect(index.blockFor(page)).toBeLessThan(index.blocks);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptionError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('separator', () => {
  it('is no more of a key than tells it from the one before', () => {
    const key = (last: number): Uint8Array => Uint8Array.from([...new Uint8Array(100).fill(7), last, 1, 2, 3]);
    expect(separatorOf(key(1), key(9))).toEqual(key(9).slice(0, 101));
    expect(separatorOf(undefined, key(9))).toHaveLength(0);
    expect(separatorOf(Uint8Array.of(1), Uint8Array.of(1, 0))).toEqual(Uint8Array.of(1, 0));
  });
});
