import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../bytes.ts';
import { FRAME_HEADER_BYTES, bodyIsIntact, decodeFrameHeader, encodeSeal, finishGroup } from './frame.ts';

/** A frame around a body in parts, as a memtable hands it out: the first part has room in front. */
function frameOf(
  body: readonly Uint8Array[],
  segment: number,
  position: number,
  firstSequence = 100,
  entries = 1,
): Uint8Array {
  const [first = new Uint8Array(0), ...rest] = body;
  const parts = [concatBytes([new Uint8Array(FRAME_HEADER_BYTES), first]), ...rest];
  const length = finishGroup(parts, { segment, position, firstSequence, entries });
  const frame = concatBytes(parts);
  expect(length).toBe(frame.length);
  return frame;
}

/** The body of a frame at its place; `undefined` if nothing valid is there. */
function decode(frame: Uint8Array, segment: number, position: number): Uint8Array | undefined {
  const header = decodeFrameHeader(frame, 0, segment, position);
  if (header === undefined) return undefined;
  const body = frame.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + header.bodyLength);
  return bodyIsIntact(header, body, segment, position) ? body : undefined;
}

const BODY = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6)];

describe('frame', () => {
  it('gives back the body it was made of, in however many parts that came', () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(parts, fc.nat(1000), fc.nat(2 ** 31), (body, segment, position) => {
        expect(decode(frameOf(body, segment, position), segment, position)).toEqual(concatBytes(body));
      }),
    );
  });

  it('keeps sequences beyond 2^32, and the number of entries', () => {
    const header = decodeFrameHeader(frameOf(BODY, 1, 0, 2 ** 40 + 3, 70_000), 0, 1, 0);
    expect(header).toMatchObject({ kind: 'group', firstSequence: 2 ** 40 + 3, entries: 70_000, bodyLength: 6 });
  });

  it('counts only where it was written', () => {
    const frame = frameOf(BODY, 3, 64);
    expect(decode(frame, 3, 64)).toHaveLength(6);
    expect(decode(frame, 3, 65)).toBeUndefined();
    expect(decode(frame, 4, 64)).toBeUndefined();
  });

  it('shows every changed bit', () => {
    const frame = frameOf(BODY, 3, 64);
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const damaged = new Uint8Array(frame);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(decode(damaged, 3, 64)).toBeUndefined();
    }
  });

  it('shows every cut', () => {
    const frame = frameOf(BODY, 3, 64);
    for (let length = 0; length < frame.length; length++) {
      expect(decode(frame.subarray(0, length), 3, 64)).toBeUndefined();
    }
  });

  it('is a seal when the log was closed in order', () => {
    const header = decodeFrameHeader(encodeSeal(2, 24, 8), 0, 2, 24);
    expect(header).toMatchObject({ kind: 'seal', firstSequence: 8, entries: 0, bodyLength: 0 });
  });
});
