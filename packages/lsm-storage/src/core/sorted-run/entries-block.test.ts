import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../bytes.ts';
import { CorruptionError } from '../errors.ts';
import { hashKey } from '../key-hash.ts';
import type { RunEntry } from '../versioned-entry.ts';
import { EntriesBlock } from './entries-block.ts';
import { EntriesBlockWriter } from './entries-block-writer.ts';

const place = { file: 'run', offset: 0 };

const value = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ minLength: 120, maxLength: 140 }),
  fc.record({ file: fc.nat(300), position: fc.maxSafeNat(), storedLength: fc.nat(), rawLength: fc.nat() }),
  fc.constant(undefined),
);
const deadline = fc.oneof(fc.constant(0), fc.nat(1000), fc.integer({ min: 1, max: 2 ** 48 - 1 }));

/** Entries with ascending keys that often share prefixes. */
const entries = fc
  .tuple(
    fc.uint8Array({ maxLength: 4 }),
    fc.uniqueArray(
      fc.tuple(fc.array(fc.constantFrom(0, 97, 98, 255), { maxLength: 6 }), fc.uint8Array(), deadline, value),
      { selector: ([key]) => key.join(), minLength: 1, maxLength: 60 },
    ),
  )
  .map(([prefix, drawn]) =>
    drawn
      .map(([suffix, meta, until, content]): RunEntry => {
        return { key: Uint8Array.from([...prefix, ...suffix]), meta, deadline: until, value: content };
      })
      .sort((left, right) => compareBytes(left.key, right.key)),
  );

const anyKey = fc.array(fc.constantFrom(0, 97, 98, 255), { maxLength: 8 }).map((key) => Uint8Array.from(key));

function write(list: readonly RunEntry[]): Uint8Array {
  const writer = new EntriesBlockWriter();
  for (const entry of list) writer.add(entry);
  return new Uint8Array(writer.finish());
}

function all(block: EntriesBlock): RunEntry[] {
  return Array.from({ length: block.count }, (_, i) => block.entryAt(i));
}

function find(block: EntriesBlock, key: Uint8Array): number {
  return block.find(key, hashKey(key));
}

describe('entries block', () => {
  it('gives back its entries, and finds each by its key', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const block = new EntriesBlock(write(list), place);
        expect(all(block)).toEqual(list);
        for (const [i, { key }] of list.entries()) {
          expect(find(block, key)).toBe(i);
          expect(block.keyAt(i)).toEqual(key);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('places any other key among its own', () => {
    fc.assert(
      fc.property(entries, anyKey, (list, key) => {
        const block = new EntriesBlock(write(list), place);
        const following = list.findIndex((entry) => compareBytes(entry.key, key) >= 0);
        expect(block.lowerBound(key)).toBe(following < 0 ? list.length : following);
        expect(find(block, key)).toBe(list.findIndex((entry) => compareBytes(entry.key, key) === 0));
        for (const [i, entry] of list.entries()) {
          expect(Math.sign(block.compareKeyAt(i, key))).toBe(Math.sign(compareBytes(entry.key, key)));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('has a prefix that is longer than some keys it is asked for, or a whole key', () => {
    const key = (text: string): Uint8Array => new TextEncoder().encode(text);
    const only = { key: key('prefix'), meta: new Uint8Array(0), deadline: 0, value: undefined };
    const block = new EntriesBlock(write([only]), place);
    expect([find(block, key('prefix')), find(block, key('pre')), find(block, key('prefixed'))]).toEqual([0, -1, -1]);
    expect([block.lowerBound(key('pre')), block.lowerBound(key('prefixed'))]).toEqual([0, 1]);
    expect(all(block)).toEqual([only]);
  });

  it('of many entries finds each, and nothing else, when it has been asked often', () => {
    const keys = fc.uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 5 }), {
      selector: (key) => key.join(),
      minLength: 260,
      maxLength: 400,
      size: 'max',
    });
    fc.assert(
      fc.property(keys, fc.uint8Array({ maxLength: 3 }), (drawn, prefix) => {
        const list = drawn.map((key) => Uint8Array.from([...prefix, ...key])).sort(compareBytes);
        const [absent, present] = [list.filter((_, i) => i % 5 === 0), list.filter((_, i) => i % 5 !== 0)];
        const empty = { meta: new Uint8Array(0), deadline: 0, value: undefined };
        const block = new EntriesBlock(write(present.map((key) => ({ key, ...empty }))), place);
        for (let round = 0; round < 2; round++) {
          for (const [i, key] of present.entries()) expect(block.find(key, hashKey(key))).toBe(i);
          for (const key of absent) expect(block.find(key, hashKey(key))).toBe(-1);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('finds one entry after the other with the same pointer, for what is noted in it', () => {
    const pointer = { file: 3, position: 5_000_000_000, storedLength: 7, rawLength: 9 };
    const entry = { key: Uint8Array.of(1), meta: Uint8Array.of(4), deadline: 3, value: pointer };
    const block = new EntriesBlock(write([entry, { ...entry, key: Uint8Array.of(2), value: Uint8Array.of(8) }]), place);
    const found = block.foundAt(0, entry.key);
    expect(found).toEqual(entry);
    expect(block.foundAt(0, entry.key).value).toBe(found.value);
    expect(block.entryAt(0).value).not.toBe(found.value);
    expect(block.foundAt(1, Uint8Array.of(2)).value).toEqual(Uint8Array.of(8));
  });

  it('of more than 64 KiB has wide offsets', () => {
    const list = Array.from({ length: 40 }, (_, i): RunEntry => {
      return { key: Uint8Array.of(i), meta: new Uint8Array(0), deadline: 0, value: new Uint8Array(3000).fill(i) };
    });
    const raw = write(list);
    expect(raw.at(-1)).toBe(0x80);
    expect(all(new EntriesBlock(raw, place))).toEqual(list);
  });

  it('is about as long as its writer says', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const writer = new EntriesBlockWriter();
        for (const entry of list) writer.add(entry);
        const announced = writer.bytes;
        expect(Math.abs(writer.finish().length - announced)).toBeLessThan(16 * (list.length + 1));
      }),
      { numRuns: 60 },
    );
  });

  it('is written from nothing after each block', () => {
    const writer = new EntriesBlockWriter();
    const entry = { key: Uint8Array.of(5), meta: Uint8Array.of(1), deadline: 3, value: Uint8Array.of(2) };
    writer.add(entry);
    writer.add({ ...entry, key: Uint8Array.of(6) });
    const first = new Uint8Array(writer.finish());
    expect([writer.count, writer.bytes, writer.firstKey]).toEqual([0, 0, undefined]);
    writer.add(entry);
    writer.add({ ...entry, key: Uint8Array.of(6) });
    expect(new Uint8Array(writer.finish())).toEqual(first);
  });

  it('is full of so many bytes with their values, or of twice as many that only point to theirs', () => {
    const pointer = { file: 1, position: 1, storedLength: 1, rawLength: 1, slot: undefined };
    const bytesWhenFull = (valueOf: (i: number) => RunEntry['value']): number => {
      const writer = new EntriesBlockWriter();
      for (let i = 0; !writer.isFull(1000); i++) {
        writer.add({ key: Uint8Array.of(7, i >> 8, i), meta: new Uint8Array(0), deadline: 0, value: valueOf(i) });
      }
      return writer.finish().length;
    };
    expect(Math.abs(bytesWhenFull(() => new Uint8Array(90)) - 1000)).toBeLessThan(200);
    const pointing = bytesWhenFull(() => pointer);
    expect(pointing).toBeGreaterThan(750);
    expect(pointing).toBeLessThan(2000);
    const mixed = bytesWhenFull((i) => (i % 2 === 0 ? pointer : new Uint8Array(90)));
    expect(mixed).toBeGreaterThan(1000);
    expect(mixed).toBeLessThan(2000);
  });

  it('decodes any bytes to entries or to a CorruptionError, and asks for no more memory than they have', () => {
    const mutated = fc
      .tuple(entries, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat(8))
      .map(([list, changes, cut]) => {
        const raw = write(list);
        for (const [at, byte] of changes) raw[at % raw.length] = byte;
        return raw.subarray(0, raw.length - cut);
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 80 })), anyKey, (raw, key) => {
        const reads = [all, (block: EntriesBlock) => find(block, key), (block: EntriesBlock) => block.lowerBound(key)];
        for (const read of reads) {
          try {
            const block = new EntriesBlock(raw, place);
            expect(block.bytes).toBeLessThan(40 * raw.length + 1000);
            read(block);
          } catch (error) {
            expect(error).toBeInstanceOf(CorruptionError);
          }
        }
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['nothing at all', []],
    ['no entries', [0, 0, 0, 0, 0]],
    ['more entries than bytes', [0, 0, 1, 0, 1, 0, 255, 255, 255, 127]],
    ['a prefix longer than the block', [9, 1, 0, 0, 1, 0, 1, 0, 0, 0]],
    ['an offset before the first entry', [0, 1, 0, 0, 0, 1, 0, 0, 0]],
    ['an offset behind the entries', [0, 1, 0, 9, 0, 1, 0, 0, 0]],
  ])('refuses a block with %s', (_, raw) => {
    expect(() => new EntriesBlock(Uint8Array.from(raw), place)).toThrow(CorruptionError);
  });

  it.each([
    ['unknown flags', [0, 16, 0]],
    ['a key that runs into the offsets', [0, 1, 3]],
    ['a value that runs into the offsets', [0, 0, 0, 5]],
    ['bytes behind its end', [0, 1, 0, 7]],
    ['half a deadline', [0, 5, 0, 1, 2, 3]],
    ['half a pointer', [0, 2, 0, 1, 200]],
  ])('refuses an entry with %s', (_, content) => {
    const raw = Uint8Array.from([...content, 1, 0, 1, 0, 0, 0]);
    expect(() => new EntriesBlock(raw, place).entryAt(0)).toThrow(CorruptionError);
  });
});
