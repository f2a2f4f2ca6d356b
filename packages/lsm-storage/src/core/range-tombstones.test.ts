import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from './bytes.ts';
import { rangeCovering } from './key-ranges.ts';
import { RangeTombstones } from './range-tombstones.ts';
import type { KeyRange } from './versioned-entry.ts';

const key = fc.uint8Array({ maxLength: 2, max: 4 });
const range: fc.Arbitrary<KeyRange> = fc.record({ from: key, to: fc.option(key, { nil: undefined, freq: 6 }) });

const covers = ({ from, to }: KeyRange, at: Uint8Array): boolean =>
  compareBytes(from, at) <= 0 && (to === undefined || compareBytes(at, to) < 0);

describe('range tombstones', () => {
  it('answer as a list of ranges does, at every sequence', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 12 }), fc.array(key, { minLength: 1 }), (list, keys) => {
        const tombstones = new RangeTombstones();
        for (const [i, { from, to }] of list.entries()) tombstones.add(from, to, 10 * (i + 1));
        const newest = (at: Uint8Array, upTo: number): number =>
          10 * (1 + list.findLastIndex((each, i) => 10 * (i + 1) <= upTo && covers(each, at)));
        for (const at of keys) {
          expect(tombstones.newestCovering(at)).toBe(newest(at, Number.POSITIVE_INFINITY));
          for (let upTo = 0; upTo <= 10 * list.length; upTo += 5) {
            expect(tombstones.newestCovering(at, upTo)).toBe(newest(at, upTo));
          }
        }
        const fragments = tombstones.fragments();
        for (const at of keys) expect(rangeCovering(fragments, at)?.sequence ?? 0).toBe(tombstones.newestCovering(at));
        for (let i = 1; i < fragments.length; i++) {
          const [before, after] = [fragments[i - 1]!, fragments[i]!];
          const gap = before.to === undefined ? -1 : compareBytes(after.from, before.to);
          expect(gap > 0 || (gap === 0 && before.sequence !== after.sequence)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are empty until there is one, and ignore a range of no keys', () => {
    const tombstones = new RangeTombstones();
    const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)];
    tombstones.add(b, a, 1);
    tombstones.add(a, a, 2);
    expect([tombstones.isEmpty, tombstones.bytes, tombstones.newestCovering(a)]).toEqual([true, 0, 0]);
    tombstones.add(a, b, 3);
    expect([tombstones.isEmpty, tombstones.bytes > 0]).toEqual([false, true]);
  });

  it('put the pieces of a cut range together again', () => {
    const tombstones = new RangeTombstones();
    const [a, b, c, d] = [1, 2, 3, 4].map((byte) => Uint8Array.of(byte)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    tombstones.add(b, c, 1);
    tombstones.add(a, d, 2);
    expect(tombstones.fragments()).toEqual([{ from: a, to: d, sequence: 2 }]);
    expect(tombstones.newestCovering(b, 1)).toBe(1);
  });

  it('take memory by what was added, not by how often a look-up passes', () => {
    const tombstones = new RangeTombstones();
    for (let i = 0; i < 1000; i++) tombstones.add(Uint8Array.of(i >> 8, i), Uint8Array.of(i >> 8, i, 0), i + 1);
    const { bytes } = tombstones;
    expect(bytes).toBeGreaterThan(1000 * 5);
    expect(bytes).toBeLessThan(1000 * 300);
    for (let i = 0; i < 1000; i++) expect(tombstones.newestCovering(Uint8Array.of(i >> 8, i))).toBe(i + 1);
    expect(tombstones.bytes).toBe(bytes);
  });
});
