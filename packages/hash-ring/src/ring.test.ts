import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashedRing } from './hashed-ring.ts';
import { maxPartitions, type Ring, ringOf } from './ring.ts';
import { numbered } from './testing/server-arbitraries.test.ts';
import { rangeContains, rangeWidth, tokenCount } from './token.ts';

const rings: fc.Arbitrary<Ring> = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 1, max: 9 })).map(([bits, count]) =>
    ringOf(
      numbered(count),
      Array.from({ length: 2 ** bits }, (_, i) => i % count),
    ),
  ),
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 40 }))
    .map(([count, vnodesPerWeight]) => hashedRing({ servers: numbered(count), vnodesPerWeight })),
);
const tokens = fc.oneof(fc.integer({ min: 0, max: tokenCount - 1 }), fc.constantFrom(0, 1, 2 ** 31, tokenCount - 1));

describe('a ring', () => {
  it('has ranges that follow one another and cover every token once', () => {
    fc.assert(
      fc.property(rings, (ring) => {
        let width = 0;
        for (let p = 0; p < ring.partitions; p++) {
          const next = ring.rangeOf((p + 1) % ring.partitions);
          expect(next.first).toBe((ring.rangeOf(p).last + 1) % tokenCount);
          width += rangeWidth(ring.rangeOf(p));
        }
        expect(width).toBe(tokenCount);
      }),
    );
  });

  it('finds for every token the partition whose range contains it', () => {
    fc.assert(
      fc.property(rings, tokens, (ring, token) => {
        const partition = ring.partitionOf(token);
        expect(rangeContains(ring.rangeOf(partition), token)).toBe(true);
        expect(ring.partitionOf(ring.rangeOf(partition).first)).toBe(partition);
        expect(ring.partitionOf(ring.rangeOf(partition).last)).toBe(partition);
      }),
    );
  });

  it('comes back from its stored owner table, whatever the order of the servers', () => {
    const servers = numbered(3);
    const ring = ringOf(servers, [2, 0, 1, 1]);
    expect(ringOf(ring.servers, ring.owners())).toEqual(ring);
    expect(ringOf([...servers].reverse(), [0, 2, 1, 1])).toEqual(ring);
    ring.owners()[0] = 0;
    expect(ring.ownerOf(0).id).toBe('s02');
  });

  it('keeps the lists of each count of copies, and does not mix them up', () => {
    const ring = ringOf(numbered(4), [0, 1, 2, 3]);
    expect(ring.preferenceLists(2)).toBe(ring.preferenceLists(2));
    expect(ring.preferenceLists({ a: 1, b: 2 })).toBe(ring.preferenceLists({ b: 2, a: 1 }));
    expect(ring.preferenceLists(3).of(0)).toHaveLength(3);
    expect(ring.preferenceLists(2).of(0)).toHaveLength(2);
  });
});

describe('what a ring refuses', () => {
  const servers = numbered(2);
  it.each([
    ['no servers', () => ringOf([], [0]), 'NO_SERVERS'],
    ['an empty id', () => ringOf([{ id: '', weight: 1 }], [0]), 'INVALID_SERVER'],
    ['a weight of 0', () => ringOf([{ id: 'a', weight: 0 }], [0]), 'INVALID_SERVER'],
    ['an infinite weight', () => ringOf([{ id: 'a', weight: Infinity }], [0]), 'INVALID_SERVER'],
    ['the same id twice', () => ringOf([...servers, ...servers], [0]), 'DUPLICATE_SERVER'],
    ['3 partitions', () => ringOf(servers, [0, 1, 0]), 'INVALID_PARTITIONS'],
    ['no partitions', () => ringOf(servers, []), 'INVALID_PARTITIONS'],
    ['too many partitions', () => ringOf(servers, new Uint8Array(2 * maxPartitions)), 'INVALID_PARTITIONS'],
    ['an owner that is none', () => ringOf(servers, [0, 2]), 'INVALID_OWNERS'],
    ['half a copy', () => ringOf(servers, [0, 1]).preferenceLists(0.5), 'INVALID_COPIES'],
    ['no data centre', () => ringOf(servers, [0, 1]).preferenceLists({}), 'INVALID_COPIES'],
    ['a partition beyond the last', () => ringOf(servers, [0, 1]).preferenceLists(1).of(2), 'OUT_OF_RANGE'],
    ['the range of one', () => ringOf(servers, [0, 1]).rangeOf(-1), 'OUT_OF_RANGE'],
    ['no virtual nodes', () => hashedRing({ servers, vnodesPerWeight: 0 }), 'INVALID_PARTITIONS'],
  ])('%s', (_what, make, code) => {
    expect(make).toThrow(expect.objectContaining({ name: 'RingError', code }) as Error);
  });
});
