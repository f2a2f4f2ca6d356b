import { describe, expect, it } from 'vitest';
import { hashKey } from '../key-hash.ts';
import { BloomFilter } from './bloom-filter.ts';

const KEYS = 20_000;
const hashOf = (text: string): ReturnType<typeof hashKey> => hashKey(new TextEncoder().encode(text));

function filterOf(keys: number): BloomFilter {
  const filter = new BloomFilter(new Uint8Array(BloomFilter.bytesFor(keys)));
  for (let i = 0; i < keys; i++) filter.add(hashOf(`key-${i}`));
  return filter;
}

describe('bloom filter', () => {
  it('never denies a key that was added, also after a round trip through its bytes', () => {
    const filter = new BloomFilter(new Uint8Array(filterOf(KEYS).bytes));
    let denied = 0;
    for (let i = 0; i < KEYS; i++) if (!filter.mayContain(hashOf(`key-${i}`))) denied++;
    expect(denied).toBe(0);
  });

  it('says perhaps to fewer than 2 % of absent keys, at ten bits a key', () => {
    const filter = filterOf(KEYS);
    expect(filter.bytes.length * 8).toBeLessThan(KEYS * 10 + 512);
    let perhaps = 0;
    for (let i = 0; i < KEYS; i++) if (filter.mayContain(hashOf(`absent-${i}`))) perhaps++;
    expect(perhaps / KEYS).toBeLessThan(0.02);
    expect(perhaps).toBeGreaterThan(0);
  });

  it('of one key has one block', () => {
    expect(filterOf(1).bytes.length).toBe(64);
    expect(BloomFilter.bytesFor(0)).toBe(64);
  });

  it('is frozen: the bits of a key do not move', () => {
    const filter = new BloomFilter(new Uint8Array(128));
    filter.add(hashOf('frozen'));
    const bits = [...filter.bytes].flatMap((byte, at) =>
      [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (byte >> bit) & 1).map((bit) => at * 8 + bit),
    );
    expect(bits).toMatchInlineSnapshot(`
      [
        674,
        732,
        749,
        761,
        880,
        953,
      ]
    `);
  });
});
