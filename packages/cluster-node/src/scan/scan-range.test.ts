import { compareKeys } from '@kv/anti-entropy';
import { encodeDataKey } from '@kv/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWithin, storageRange } from './scan-range.ts';

/** Few bytes, the extremes among them, so that keys and bounds meet. */
const bytes = (minLength: number) =>
  fc.array(fc.constantFrom(0, 1, 0x61, 0xfe, 0xff), { minLength, maxLength: 4 }).map((list) => Uint8Array.from(list));
const bounds = fc.record(
  { prefix: bytes(0), gte: bytes(1), lt: bytes(1) },
  { requiredKeys: ['prefix'], noNullPrototype: true },
);

describe('the range of a scan', () => {
  it('holds exactly the keys that are asked for, of one keyspace in one partition', () => {
    fc.assert(
      fc.property(bounds, fc.option(bytes(1), { nil: undefined }), bytes(1), (asked, after, key) => {
        const range = storageRange({ partition: 7, keyspaceId: 9 }, asked, after);
        const isIn = (storageKey: Uint8Array): boolean =>
          (range.gte === undefined || compareKeys(storageKey, range.gte) >= 0) &&
          (range.gt === undefined || compareKeys(storageKey, range.gt) > 0) &&
          compareKeys(storageKey, range.lt) < 0;
        const expected = isWithin(key, asked) && (after === undefined || compareKeys(key, after) > 0);
        expect(isIn(encodeDataKey(7, 9, key))).toBe(expected);
        for (const [partition, keyspaceId] of [
          [6, 9],
          [8, 9],
          [7, 8],
          [7, 10],
        ] as const) {
          expect(isIn(encodeDataKey(partition, keyspaceId, key))).toBe(false);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('leaves the prefix as it came, which over a socket is a Buffer', () => {
    const asked = { prefix: Buffer.from('user:\xff', 'latin1') };
    const range = { partition: 7, keyspaceId: 9 };
    const first = storageRange(range, asked, undefined);
    expect(storageRange(range, asked, undefined)).toEqual(first);
    expect(asked.prefix.toString('latin1')).toBe('user:\xff');
  });
});
