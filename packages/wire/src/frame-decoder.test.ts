import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame, type Frame, FrameDecoder, type FrameHeader, type Message } from './index.ts';
import { header, message } from './testing/arbitraries.test.ts';

const plain: FrameHeader = { operationId: 1, epoch: 0, keyspaceId: 0, deadlineMs: 0, stamp: { ms: 0, counter: 0 } };
const get: Message = { type: 'get', key: Uint8Array.of(1), want: 'value' };

/** `bytes` cut at the given places, in any order. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, index) => bytes.slice(edges[index], edge));
}

function write(bytes: number): Uint8Array {
  const value = new Uint8Array(bytes).map((_, index) => index % 251);
  return encodeFrame(plain, {
    type: 'replica-write',
    partition: 1,
    key: Uint8Array.of(1),
    meta: new Uint8Array(0),
    value,
  });
}

describe('FrameDecoder', () => {
  it('finds the same frames wherever the stream is cut, byte by byte included', () => {
    const frames = fc.array(fc.record({ header, message }, { noNullPrototype: true }), { maxLength: 5 });
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { maxLength: 12 }), fc.boolean(), (sent, places, everywhere) => {
        const stream = new Uint8Array(Buffer.concat(sent.map((frame) => encodeFrame(frame.header, frame.message))));
        const cuts = everywhere && stream.length < 3000 ? [...stream.keys()] : places;
        const decoder = new FrameDecoder();
        const received: Frame[] = cut(stream, cuts).flatMap((chunk) => decoder.push(chunk));
        deepStrictEqual(received, sent);
        expect(decoder.bufferedBytes).toBe(4);
      }),
      { numRuns: 300 },
    );
  });

  it('decodes in place the frames that a chunk holds whole', () => {
    const chunk = new Uint8Array([...write(100), ...write(50), ...write(10).subarray(0, 20)]);
    const frames = new FrameDecoder().push(chunk);
    expect(frames.length).toBe(2);
    for (const { message: received } of frames) {
      expect(received.type === 'replica-write' && received.value.buffer).toBe(chunk.buffer);
    }
  });

  it('never gives the same buffer to two frames that chunks cut apart', () => {
    const decoder = new FrameDecoder();
    const [first, second] = [write(300), write(300)];
    const frames = [first, second].flatMap((frame) => [
      ...decoder.push(frame.subarray(0, 50)),
      ...decoder.push(frame.subarray(50)),
    ]);
    deepStrictEqual(frames, [decodeFrame(first), decodeFrame(second)]);
    const buffers = frames.map((frame) => frame.message.type === 'replica-write' && frame.message.value.buffer);
    expect(new Set(buffers).size).toBe(2);
  });

  it('holds at most four times what has arrived, whatever the length field promises', () => {
    const frame = write(1_000_000);
    for (const step of [1000, 7, 64 * 1024]) {
      const decoder = new FrameDecoder();
      let worst = 0;
      for (let offset = 0; offset < 200_000; offset += step) {
        decoder.push(frame.subarray(offset, offset + step));
        worst = Math.max(worst, decoder.bufferedBytes / (offset + step));
      }
      expect(worst).toBeGreaterThan(1);
      expect(worst).toBeLessThanOrEqual(4);
    }
  });

  it('refuses an oversized length from its four bytes, before it holds any of the frame', () => {
    const decoder = new FrameDecoder(1000);
    expect(decoder.push(Uint8Array.of(0, 0, 3))).toStrictEqual([]);
    expect(() => decoder.push(Uint8Array.of(0xe9, ...new Uint8Array(100)))).toThrow(
      'needed a frame of at most 1000 bytes, got one of 1001',
    );
    expect(decoder.bufferedBytes).toBe(4);
    expect(new FrameDecoder(1000).push(Uint8Array.of(0, 0, 3, 0xe8))).toStrictEqual([]);
  });

  it('stays refused: behind a bad frame nothing can be trusted', () => {
    const good = encodeFrame(plain, get);
    const bad = good.slice();
    bad[4] = 99;
    const decoder = new FrameDecoder();
    expect(decoder.push(good).length).toBe(1);
    expect(() => decoder.push(bad)).toThrow('got the code 99');
    expect(() => decoder.push(good)).toThrow('got the code 99');
  });

  it('takes an empty chunk for nothing', () => {
    const decoder = new FrameDecoder();
    const frame = encodeFrame(plain, get);
    expect(decoder.push(new Uint8Array(0))).toStrictEqual([]);
    expect(decoder.push(frame.subarray(0, 9))).toStrictEqual([]);
    expect(decoder.push(new Uint8Array(0))).toStrictEqual([]);
    expect(decoder.push(frame.subarray(9)).length).toBe(1);
  });
});
