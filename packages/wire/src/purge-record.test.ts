import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePurgeRecord, encodePurgeRecord, WireError } from './index.ts';
import { stamp } from './testing/arbitraries.test.ts';

const record = fc.record({ watermark: stamp, sealed: stamp, hintsSealed: stamp }, { noNullPrototype: true });

describe('what is kept of purging', () => {
  it('comes back as it was stored', () => {
    fc.assert(
      fc.property(record, (each) => {
        expect(decodePurgeRecord(encodePurgeRecord(each))).toStrictEqual(each);
      }),
    );
  });

  it('has frozen bytes', () => {
    const bytes = encodePurgeRecord({
      watermark: { ms: 0x010203040506, counter: 0x0708 },
      sealed: { ms: 1, counter: 2 },
      hintsSealed: { ms: 3, counter: 4 },
    });
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '01' + '0102030405060708' + '0000000000010002' + '0000000000030004',
    );
  });

  it('of a later layout is refused as such, and anything else as malformed', () => {
    const codeOf = (bytes: Uint8Array): string => {
      try {
        decodePurgeRecord(bytes);
      } catch (error) {
        if (error instanceof WireError) return error.code;
      }
      return 'none';
    };
    expect(codeOf(Uint8Array.of(2))).toBe('UNSUPPORTED_VERSION');
    for (const bad of [new Uint8Array(0), new Uint8Array(25), Uint8Array.of(1, 0)])
      expect(codeOf(bad)).toBe('MALFORMED');
  });
});
