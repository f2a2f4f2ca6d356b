import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../bytes.ts';
import { CorruptionError } from '../errors.ts';
import { EntriesBlock, EntriesBlockWriter } from './entries-block.ts';
import type { VersionedEntry } from './entries-block.ts';

const place = { file: 'run', offset: 0 };
const NO_BYTES = new Uint8Array(0);

const value = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.record({ position: fc.maxSafeNat(), storedLength: fc.nat(), rawLength: fc.nat() }),
  fc.constant(undefined),
);

/** Entries with ascending keys that often share prefixes. */
const entries = fc
  .uniqueArray(fc.tuple(fc.array(fc.constantFrom(0, 97, 98, 255), { maxLength: 6 }), fc.uint8Array(), value), {
    selector: ([key]) => key.join(),
    minLength: 1,
    maxLength: 60,
  })
  .map((drawn) =>
    drawn
      .map(([key, meta, content]): VersionedEntry => {
        return { key: Uint8Array.from(key), meta: content === undefined ? NO_BYTES : meta, value: content };
      })
      .sort((left, right) => compareBytes(left.key, right.key)),
  );

function write(list: readonly VersionedEntry[]): Uint8Array {
  const writer = new EntriesBlockWriter();
  for (const entry of list) writer.add(entry);
  expect(writer.entries).toBe(list.length);
  const announced = writer.bytes;
  const raw = writer.take();
  expect(raw.length).toBe(announced);
  return raw;
}

describe('entries block', () => {
  it('gives back its entries, all and one by one', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const block = new EntriesBlock(write(list), place);
        expect(block.all()).toEqual(list);
        for (const entry of list) expect(block.find(entry.key)).toEqual(entry);
      }),
      { numRuns: 60 },
    );
  });

  it('finds nothing for keys that are not there', () => {
    fc.assert(
      fc.property(entries, fc.uint8Array({ maxLength: 7 }), (list, key) => {
        const expected = list.find((entry) => compareBytes(entry.key, key) === 0);
        expect(new EntriesBlock(write(list), place).find(key)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('starts again from nothing after each block', () => {
    const writer = new EntriesBlockWriter();
    const entry = { key: Uint8Array.of(5), meta: NO_BYTES, value: NO_BYTES };
    writer.add(entry);
    const first = writer.take();
    writer.add(entry);
    expect(writer.take()).toEqual(first);
  });

  it('decodes any bytes to entries or to a CorruptionError, in bounded time', () => {
    const mutated = fc
      .tuple(entries, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat(8))
      .map(([list, changes, cut]) => {
        const raw = write(list);
        for (const [at, byte] of changes) raw[at % raw.length] = byte;
        return raw.subarray(0, raw.length - cut);
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 80 })), fc.uint8Array({ maxLength: 6 }), (raw, key) => {
        for (const read of [(block: EntriesBlock) => block.all(), (block: EntriesBlock) => block.find(key)]) {
          try {
            read(new EntriesBlock(raw, place));
          } catch (error) {
            expect(error).toBeInstanceOf(CorruptionError);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});
