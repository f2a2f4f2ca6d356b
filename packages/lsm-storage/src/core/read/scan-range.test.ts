import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../bytes.ts';
import { withPrefix } from './scan-range.ts';

/** Few bytes, the extremes among them, so that keys and bounds meet; as Buffers, whose `slice` shares. */
const bytes = fc.array(fc.constantFrom(0, 1, 0x61, 0xfe, 0xff), { maxLength: 4 }).map((list) => Buffer.from(list));

describe('a range with a prefix', () => {
  it('holds the keys that begin with it, and leaves the bytes of the caller as they are', () => {
    fc.assert(
      fc.property(bytes, bytes, (prefix, key) => {
        const asked = Buffer.from(prefix);
        const { gte, lt } = withPrefix({ prefix: asked });
        const isIn =
          (gte === undefined || compareBytes(key, gte) >= 0) && (lt === undefined || compareBytes(key, lt) < 0);
        expect(isIn).toBe(compareBytes(key.subarray(0, prefix.length), prefix) === 0);
        expect(asked).toEqual(prefix);
      }),
      { numRuns: 2000 },
    );
  });
});
