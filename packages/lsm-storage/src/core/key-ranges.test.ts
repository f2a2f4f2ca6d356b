import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from './bytes.ts';
import { coversKey, mergeRanges, rangeCovering } from './key-ranges.ts';
import type { KeyRange } from './versioned-entry.ts';

const key = fc.uint8Array({ maxLength: 2, max: 3 });
const range: fc.Arbitrary<KeyRange> = fc
  .record({ from: key, to: fc.option(key, { nil: undefined, freq: 8 }) })
  .filter(({ from, to }) => to === undefined || compareBytes(from, to) < 0);

const covers = ({ from, to }: KeyRange, at: Uint8Array): boolean =>
  compareBytes(from, at) <= 0 && (to === undefined || compareBytes(at, to) < 0);

describe('key ranges', () => {
  it('merge to what they cover together, sorted and with gaps between', () => {
    fc.assert(
      fc.property(fc.array(fc.array(range, { maxLength: 5 }), { maxLength: 4 }), fc.array(key), (lists, keys) => {
        const merged = mergeRanges(lists);
        for (const at of keys) {
          const expected = lists.flat().some((each) => covers(each, at));
          expect(coversKey(merged, at)).toBe(expected);
          expect(rangeCovering(merged, at)).toBe(merged.find((each) => covers(each, at)));
        }
        for (let i = 1; i < merged.length; i++) {
          const end = merged[i - 1]!.to;
          expect(end !== undefined && compareBytes(end, merged[i]!.from) < 0).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('join where they touch, and leave the lists as they were', () => {
    const [a, b, c] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];
    const left = [{ from: b, to: c }];
    const right = [{ from: a, to: b }];
    expect(mergeRanges([left, right])).toEqual([{ from: a, to: c }]);
    expect(mergeRanges([[{ from: a, to: undefined }], left])).toEqual([{ from: a, to: undefined }]);
    expect([left, right]).toEqual([[{ from: b, to: c }], [{ from: a, to: b }]]);
    expect(mergeRanges([])).toEqual([]);
    expect(coversKey([], a)).toBe(false);
  });
});
