import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../contract/random.ts';
import { BlockCache, SLOT_BYTES } from './block-cache.ts';

/** Capacity for so many items of one byte. */
const room = (items: number): number => items * (1 + SLOT_BYTES);

type Step =
  | { readonly type: 'put'; readonly space: number; readonly at: number; readonly bytes: number }
  | { readonly type: 'get' | 'peek'; readonly space: number; readonly at: number }
  | { readonly type: 'clear'; readonly space: number };

const space = fc.nat(2);
const at = fc.nat(12);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('put' as const), space, at, bytes: fc.nat(900) }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constantFrom('get' as const, 'peek' as const), space, at }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('clear' as const), space }) },
);

describe('block cache', () => {
  it('holds what was put until it is evicted or cleared, and never more than its capacity', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12_000 }), fc.array(step, { maxLength: 200 }), (capacity, steps) => {
        const cache = new BlockCache(capacity);
        const spaces = [0, 1, 2].map(() => cache.space<string>());
        /** Everything put and not cleared, by place, with its cost. */
        const put = new Map<string, { readonly item: string; readonly cost: number }>();
        const lookups = { hits: 0, misses: 0 };
        for (const [number, each] of steps.entries()) {
          const subject = spaces[each.space]!;
          if (each.type === 'clear') {
            subject.clear();
            for (const place of [...put.keys()]) if (place.startsWith(`${each.space}:`)) put.delete(place);
          } else {
            const place = `${each.space}:${each.at}`;
            const before = subject.peek(each.at);
            if (each.type === 'put') {
              subject.put(each.at, `${place}#${number}`, each.bytes);
              const cost = each.bytes + SLOT_BYTES;
              const admitted = before === undefined && cost <= Math.floor(capacity / 8);
              if (admitted) put.set(place, { item: `${place}#${number}`, cost });
              expect(subject.peek(each.at)).toBe(admitted ? `${place}#${number}` : before);
            } else if (each.type === 'get') {
              expect(subject.get(each.at)).toBe(before);
              lookups[before === undefined ? 'misses' : 'hits']++;
            }
          }
          const held = [...put].filter(([place, { item }]) => {
            const [spaceNumber, position] = place.split(':').map(Number);
            const found = spaces[spaceNumber!]!.peek(position!);
            expect(found === undefined || found === item).toBe(true);
            return found !== undefined;
          });
          expect(cache.bytes).toBe(held.reduce((total, [, { cost }]) => total + cost, 0));
          expect(cache.bytes).toBeLessThanOrEqual(capacity);
        }
        expect({ hits: cache.hits, misses: cache.misses }).toEqual(lookups);
        for (const each of spaces) each.clear();
        expect(cache.bytes).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('evicts nothing while there is room', () => {
    const cache = new BlockCache(room(100));
    const blocks = cache.space<number>();
    for (let at = 0; at < 100; at++) blocks.put(at, at, 1);
    expect(cache.evictions).toBe(0);
    for (let at = 0; at < 100; at++) expect(blocks.get(at)).toBe(at);
    blocks.put(100, 100, 1);
    expect(cache.evictions).toBe(1);
  });

  it('lets what was hit twice outlive any number of items that were not', () => {
    const cache = new BlockCache(room(80));
    const blocks = cache.space<string>();
    blocks.put(0, 'asked for', 1);
    blocks.get(0);
    blocks.get(0);
    blocks.put(1, 'asked for once', 1);
    blocks.get(1);
    blocks.put(2, 'peeked at', 1);
    for (let i = 0; i < 10; i++) blocks.peek(2);
    for (let at = 10; at < 1000; at++) blocks.put(at, 'passing by', 1);
    expect(blocks.peek(0)).toBe('asked for');
    expect(blocks.peek(1)).toBeUndefined();
    expect(blocks.peek(2)).toBeUndefined();
  });

  it('takes a noted slot for what it is only while it is that', () => {
    const cache = new BlockCache(room(16));
    const [blocks, others] = [cache.space<string>(), cache.space<string>()];
    blocks.put(1, 'first', 1);
    const noted = blocks.slotAt(1)!;
    expect(blocks.get(1, noted)).toBe('first');
    expect(blocks.get(2, noted)).toBeUndefined();
    const isReused = (): boolean => others.slotAt(noted.at) === noted && noted.item !== undefined;
    for (let at = 100; at < 500 && !isReused(); at++) others.put(at, 'passing by', 1);
    expect(blocks.get(1, noted)).toBeUndefined();
    expect([others.get(noted.at, noted), blocks.get(noted.at, noted)]).toEqual(['passing by', undefined]);
    blocks.put(1, 'again', 1);
    expect(blocks.get(1, noted)).toBe('again');
  });

  it('takes what returns soon after its eviction for worth keeping', () => {
    const cache = new BlockCache(room(80));
    const blocks = cache.space<string>();
    const passBy = (from: number): void => {
      for (let at = from; at < from + 100; at++) blocks.put(at, 'passing by', 1);
    };
    blocks.put(0, 'first', 1);
    passBy(1000);
    expect(blocks.get(0)).toBeUndefined();
    blocks.put(0, 'again', 1);
    passBy(2000);
    passBy(3000);
    expect(blocks.get(0)).toBe('again');
  });

  it('gives up what is no longer asked for, however often it was', () => {
    const cache = new BlockCache(room(80));
    const blocks = cache.space<string>();
    const use = (from: number): void => {
      for (let at = from; at < from + 60; at++) {
        blocks.put(at, 'in use', 1);
        for (let i = 0; i < 5; i++) blocks.get(at);
      }
    };
    for (let from = 0; from < 1000; from += 100) use(from);
    for (let at = 0; at < 60; at++) expect(blocks.peek(at)).toBeUndefined();
    for (let at = 910; at < 960; at++) expect(blocks.peek(at)).toBe('in use');
  });

  it('remembers evicted names for a bounded while', () => {
    const cache = new BlockCache(room(80));
    const blocks = cache.space<number>();
    blocks.put(0, 0, 1);
    for (let at = 1; at < 500; at++) blocks.put(at, at, 1);
    blocks.put(0, 0, 1);
    for (let at = 500; at < 700; at++) blocks.put(at, at, 1);
    expect(blocks.peek(0)).toBeUndefined();
  });
});

/** The yardstick: evicts what was not asked for the longest. */
class LeastRecentlyUsed {
  readonly #items: Map<number, true> = new Map();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  access(at: number): boolean {
    const hit = this.#items.delete(at);
    this.#items.set(at, true);
    if (this.#items.size > this.#capacity) this.#items.delete(this.#items.keys().next().value!);
    return hit;
  }
}

/** Numbers below `count`, the smaller the likelier, by the weights 1/(i+1)^0.99. */
function zipf(count: number, random: () => number): () => number {
  const sums: number[] = [];
  for (let i = 0, sum = 0; i < count; i++) sums.push((sum += 1 / (i + 1) ** 0.99));
  return () => {
    const drawn = random() * sums[count - 1]!;
    let low = 0;
    for (let high = count - 1; low < high; ) {
      const middle = (low + high) >>> 1;
      if (sums[middle]! < drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Share of lookups of the skewed workload that were hits; the lookups of scans are not counted. */
function hitRatios(scanEvery: number): { readonly s3fifo: number; readonly lru: number } {
  const blocksInAll = 20_000;
  const lookups = 200_000;
  const capacity = 2000;
  const next = zipf(blocksInAll, seededRandom(7));
  const cache = new BlockCache(room(capacity));
  const blocks = cache.space<number>();
  const lru = new LeastRecentlyUsed(capacity);
  const hits = { s3fifo: 0, lru: 0 };
  const access = (at: number): { readonly s3fifo: boolean; readonly lru: boolean } => {
    const found = blocks.get(at) !== undefined;
    if (!found) blocks.put(at, at, 1);
    return { s3fifo: found, lru: lru.access(at) };
  };
  for (let i = 0; i < lookups; i++) {
    const found = access(next());
    if (found.s3fifo) hits.s3fifo++;
    if (found.lru) hits.lru++;
    if (i % scanEvery === 0) for (let at = 0; at < 3000; at++) access(100_000 + i + at);
  }
  return { s3fifo: hits.s3fifo / lookups, lru: hits.lru / lookups };
}

describe('block cache against least recently used', () => {
  it('has more hits on a skewed workload, and loses less to scans (S3-FIFO, sections 3 and 5)', () => {
    const calm = hitRatios(Number.POSITIVE_INFINITY);
    const scanned = hitRatios(5000);
    expect(calm.s3fifo).toBeGreaterThan(calm.lru + 0.01);
    expect(scanned.s3fifo).toBeGreaterThan(scanned.lru + 0.03);
    expect(calm.s3fifo - scanned.s3fifo).toBeLessThan((calm.lru - scanned.lru) / 2);
  });
});
