import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeTopologyAcceptor,
  decodeTopologyRecord,
  encodeTopologyAcceptor,
  encodeTopologyRecord,
  WireError,
} from './index.ts';
import { ballot, topologyState } from './testing/arbitraries.test.ts';

describe('the topology at rest', () => {
  it('comes back as it was stored', () => {
    fc.assert(
      fc.property(topologyState, (state) => {
        expect(decodeTopologyRecord(encodeTopologyRecord(state))).toStrictEqual(state);
      }),
    );
  });

  it('and the acceptor of a voter, with and without a promise and a value', () => {
    const accepted = fc.record({ ballot, value: topologyState }, { noNullPrototype: true });
    fc.assert(
      fc.property(fc.option(ballot, { nil: undefined }), fc.option(accepted, { nil: undefined }), (promised, value) => {
        const state = { promised, accepted: value };
        expect(decodeTopologyAcceptor(encodeTopologyAcceptor(state))).toStrictEqual(state);
      }),
    );
  });

  it('of a later layout is refused as such, and anything else as malformed', () => {
    expect(codeOf(Uint8Array.of(2, 0, 0))).toBe('UNSUPPORTED_VERSION');
    expect(codeOf(new Uint8Array(0))).toBe('MALFORMED');
    expect(codeOf(Uint8Array.of(1, 0, 0))).toBe('MALFORMED');
  });
});

function codeOf(bytes: Uint8Array): string {
  try {
    decodeTopologyRecord(bytes);
  } catch (error) {
    if (error instanceof WireError) return error.code;
  }
  return 'none';
}
