import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLossRecord, encodeLossRecord, maxLostRanges, WireError } from './index.ts';

const bound = fc.uint8Array({ minLength: 1, maxLength: 4104 });
const record = fc.record(
  { lost: fc.array(fc.record({ gte: bound, lt: bound }, { noNullPrototype: true }), { maxLength: maxLostRanges }) },
  { noNullPrototype: true },
);

describe('what is kept of losses', () => {
  it('comes back as it was stored', () => {
    fc.assert(
      fc.property(record, (each) => {
        expect(decodeLossRecord(encodeLossRecord(each))).toStrictEqual(each);
      }),
      { numRuns: 30 },
    );
  });

  it('has frozen bytes', () => {
    const bytes = encodeLossRecord({ lost: [{ gte: Uint8Array.of(1, 2), lt: Uint8Array.of(1, 3, 4) }] });
    expect(Buffer.from(bytes).toString('hex')).toBe('01' + '00000001' + '0002' + '0102' + '0003' + '010304');
  });

  it('of a later layout is refused as such, and anything else as malformed', () => {
    const codeOf = (bytes: Uint8Array): string => {
      try {
        decodeLossRecord(bytes);
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
