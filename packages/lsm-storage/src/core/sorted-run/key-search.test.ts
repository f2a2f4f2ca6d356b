import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../bytes.ts';
import { KeySearch } from './key-search.ts';

const suffix = fc.array(fc.constantFrom(0, 1, 255), { maxLength: 9 });
const keys = fc
  .tuple(fc.uint8Array({ maxLength: 8 }), fc.uniqueArray(suffix, { selector: (key) => key.join(), maxLength: 50 }))
  .map(([prefix, drawn]) => drawn.map((key) => Uint8Array.from([...prefix, ...key])).sort(compareBytes));

describe('key search', () => {
  it('counts the keys that are not greater', () => {
    fc.assert(
      fc.property(keys, fc.array(suffix, { maxLength: 10 }), (list, others) => {
        const search = KeySearch.of(list);
        expect(search.count).toBe(list.length);
        const asked = [...list, ...others.map((key) => Uint8Array.from(key)), ...list.map((key) => key.subarray(1))];
        for (const key of asked) {
          expect(search.notGreater(key)).toBe(list.filter((each) => compareBytes(each, key) <= 0).length);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('tells keys apart that agree in the first six bytes after what all share, and in trailing zeros', () => {
    const list = [[1], [1, 0], [1, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 7], [1, 0, 0, 0, 0, 0, 1]];
    const search = KeySearch.of(list.map((key) => Uint8Array.from(key)));
    expect(list.map((key) => search.notGreater(Uint8Array.from(key)))).toEqual([1, 2, 3, 4, 5]);
  });
});
