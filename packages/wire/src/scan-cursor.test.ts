import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeScanCursor, encodeScanCursor, scanFilter, WireError } from './index.ts';
import { key } from './testing/arbitraries.test.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const u32 = fc.nat({ max: 0xffffffff });
const plain = { noNullPrototype: true };
const place = { keyspaceId: u32, filter: u32, partition: fc.nat({ max: 0xffff }) };
const cursor = fc.oneof(fc.record(place, plain), fc.record({ ...place, after: key }, plain));

describe('a scan cursor', () => {
  it('comes back as it was made', () => {
    fc.assert(
      fc.property(cursor, (made) => {
        expect(decodeScanCursor(encodeScanCursor(made))).toStrictEqual(made);
      }),
      { numRuns: 500 },
    );
  });

  it('has frozen bytes, the CRC-32 that everybody computes at their end', () => {
    const hex = (made: Parameters<typeof encodeScanCursor>[0]) => Buffer.from(encodeScanCursor(made)).toString('hex');
    expect(hex({ keyspaceId: 1, filter: 0x01020304, partition: 0x0506 })).toBe(
      '01' + '00000001' + '01020304' + '0506' + '00' + '5f36a8cb',
    );
    expect(hex({ keyspaceId: 1, filter: 2, partition: 3, after: bytesOf('k') })).toBe(
      '01' + '00000001' + '00000002' + '0003' + '01' + '0001' + '6b' + '045e82c2',
    );
    expect(scanFilter({ prefix: bytesOf('12345'), lt: bytesOf('9') })).toBe(0x700ff692);
  });

  it('is refused when any byte of it differs, when it is cut or longer, or something else', () => {
    const refused = (bytes: Uint8Array): void => {
      expect(() => decodeScanCursor(bytes)).toThrow(WireError);
    };
    const numRuns = 300;
    fc.assert(
      fc.property(cursor, fc.nat(), fc.integer({ min: 1, max: 255 }), (made, at, change) => {
        const bytes = encodeScanCursor(made);
        const index = at % bytes.length;
        refused(bytes.with(index, (bytes[index] ?? 0) ^ change));
        refused(bytes.subarray(0, index));
        refused(Uint8Array.of(...bytes.subarray(0, 200), change));
      }),
      { numRuns },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 5000 }), refused), { numRuns });
  });
});

describe('the filter of a scan', () => {
  it('differs where any bound does', () => {
    const [a, b, none] = [bytesOf('a'), bytesOf('b'), new Uint8Array(0)];
    const all = [
      { prefix: none },
      { prefix: a },
      { prefix: b },
      { prefix: none, gte: a },
      { prefix: none, lt: a },
      { prefix: none, gte: a, lt: b },
      { prefix: a, gte: a },
      { prefix: a, lt: b },
    ];
    expect(new Set(all.map(scanFilter)).size).toBe(all.length);
    expect(scanFilter({ prefix: a, gte: b })).toBe(scanFilter({ gte: bytesOf('b'), prefix: bytesOf('a') }));
  });
});
