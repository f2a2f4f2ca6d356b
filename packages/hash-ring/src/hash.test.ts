import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { murmur3 } from './hash.ts';

const utf8 = new TextEncoder();

describe('murmur3', () => {
  it.each([
    ['', 0],
    ['test', 0xba6bd213],
    ['hello', 0x248bfa47],
    ['hello, world', 0x149bbb7f],
    ['Hello, world!', 0xc0363e43],
    ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
  ])('gives the published hash of %j', (text, expected) => {
    expect(murmur3(utf8.encode(text))).toBe(expected);
  });

  it('gives a uint32 that depends on nothing but the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(7), (bytes, offset) => {
        const shifted = new Uint8Array(bytes.length + offset);
        shifted.set(bytes, offset);
        const hash = murmur3(bytes);
        expect(hash).toBe(hash >>> 0);
        expect(murmur3(shifted.subarray(offset))).toBe(hash);
      }),
    );
  });

  it('strews short keys evenly: no 1 of 256 partitions gets more than 1.4 times its share of 100,000', () => {
    const counts = new Uint32Array(256);
    for (let i = 0; i < 100_000; i++) {
      const partition = murmur3(utf8.encode(`user:${i}`)) >>> 24;
      counts[partition] = counts[partition]! + 1;
    }
    expect(Math.max(...counts)).toBeLessThan(1.4 * (100_000 / 256));
    expect(Math.min(...counts)).toBeGreaterThan(0.6 * (100_000 / 256));
  });
});
