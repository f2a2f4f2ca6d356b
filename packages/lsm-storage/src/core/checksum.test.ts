import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksumAt, crc32 } from './checksum.ts';

describe('crc32', () => {
  it('gives the check value of the CRC catalogue', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  it('agrees with zlib for any bytes and seed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(0xffffffff), (bytes, seed) => {
        expect(crc32(bytes, seed)).toBe(zlibCrc32(bytes, seed));
      }),
    );
  });

  it('continues where a part left off', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), fc.uint8Array({ maxLength: 50 }), (first, second) => {
        expect(crc32(second, crc32(first))).toBe(crc32(Uint8Array.from([...first, ...second])));
      }),
    );
  });
});

describe('checksumAt', () => {
  it('tells the same bytes apart in another file and at another position', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const places = [checksumAt(1, 2, bytes), checksumAt(2, 1, bytes), checksumAt(1, 3, bytes), checksumAt(2, 2, bytes)];
    expect(new Set(places).size).toBe(4);
  });

  it('is the CRC of file number and position as u64, then the bytes', () => {
    const place = Buffer.alloc(16);
    place.writeBigUInt64LE(2n ** 40n + 5n, 0);
    place.writeBigUInt64LE(2n ** 33n + 7n, 8);
    const bytes = Buffer.from('content');
    expect(checksumAt(2 ** 40 + 5, 2 ** 33 + 7, bytes)).toBe(zlibCrc32(Buffer.concat([place, bytes])));
  });
});
