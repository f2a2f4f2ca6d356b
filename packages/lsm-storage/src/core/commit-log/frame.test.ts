import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorruptionError } from '../errors.ts';
import { storedEntry } from '../stored-entry.ts';
import type { StoredEntry } from '../stored-entry.ts';
import { FRAME_HEADER_BYTES, bodyIsIntact, decodeBody, decodeFrameHeader, encodeGroup, encodeSeal } from './frame.ts';

const place = { file: 'segment', offset: 0 };
const bytes = fc.uint8Array({ maxLength: 40 });
const groupArbitrary = fc.array(fc.tuple(bytes, bytes, fc.option(bytes, { nil: undefined })), {
  minLength: 1,
  maxLength: 6,
});

function group(contents: readonly (readonly [Uint8Array, Uint8Array, Uint8Array | undefined])[]): StoredEntry[] {
  return contents.map(([key, meta, value], i) => {
    return storedEntry(key, value === undefined ? undefined : meta, value, 100 + i);
  });
}

/** The entries of a frame at its place; `undefined` if nothing valid is there. */
function decode(frame: Uint8Array, segment: number, position: number): StoredEntry[] | undefined {
  const header = decodeFrameHeader(frame, 0, segment, position);
  if (header === undefined) return undefined;
  const body = frame.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + header.bodyLength);
  return bodyIsIntact(header, body, segment, position) ? decodeBody(header, body, place) : undefined;
}

describe('frame', () => {
  it('gives back the group it was made of', () => {
    fc.assert(
      fc.property(groupArbitrary, fc.nat(1000), fc.nat(2 ** 31), (contents, segment, position) => {
        const entries = group(contents);
        expect(decode(encodeGroup(segment, position, 100, entries), segment, position)).toEqual(entries);
      }),
    );
  });

  it('keeps sequences beyond 2^32', () => {
    const sequence = 2 ** 40 + 3;
    const entry = storedEntry(Uint8Array.of(1), undefined, Uint8Array.of(2), sequence);
    expect(decode(encodeGroup(1, 0, sequence, [entry]), 1, 0)?.[0]?.sequence).toBe(sequence);
  });

  it('counts only where it was written', () => {
    const frame = encodeGroup(3, 64, 100, group([[Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2)]]));
    expect(decode(frame, 3, 64)).toHaveLength(1);
    expect(decode(frame, 3, 65)).toBeUndefined();
    expect(decode(frame, 4, 64)).toBeUndefined();
  });

  it('shows every changed bit', () => {
    const frame = encodeGroup(3, 64, 100, group([[Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5, 6)]]));
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const damaged = new Uint8Array(frame);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(decode(damaged, 3, 64)).toBeUndefined();
    }
  });

  it('shows every cut', () => {
    const frame = encodeGroup(3, 64, 100, group([[Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5, 6)]]));
    for (let length = 0; length < frame.length; length++) {
      expect(decode(frame.subarray(0, length), 3, 64)).toBeUndefined();
    }
  });

  it('is a seal when the log was closed in order', () => {
    const header = decodeFrameHeader(encodeSeal(2, 24, 8), 0, 2, 24);
    expect(header).toMatchObject({ kind: 'seal', firstSequence: 8, entries: 0, bodyLength: 0 });
  });

  it('decodes any body to entries or to a CorruptionError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(5), (body, entries) => {
        const header = { kind: 'group', bodyLength: body.length, bodyChecksum: 0, firstSequence: 1, entries } as const;
        try {
          expect(decodeBody(header, body, place)).toHaveLength(entries);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptionError);
        }
      }),
    );
  });
});
