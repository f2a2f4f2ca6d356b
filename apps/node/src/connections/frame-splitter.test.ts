import { maxFrameBytes, WireError } from '@kv/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameSplitter } from './frame-splitter.ts';

function frame(body: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(4 + body.length);
  bytes.writeUInt32BE(body.length);
  bytes.set(body, 4);
  return new Uint8Array(bytes);
}

describe('the frame splitter', () => {
  it('gives back what was framed, wherever the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
    fc.assert(
      fc.property(bodies, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (framed, cuts) => {
        const stream = Buffer.concat(framed.map(frame));
        const splitter = new FrameSplitter();
        const got: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const size = cuts[turn % cuts.length] ?? 1;
          got.push(...splitter.push(stream.subarray(at, at + size)));
          at += size;
        }
        expect(got.map((bytes) => Buffer.from(bytes))).toEqual(framed.map((body) => Buffer.from(frame(body))));
      }),
    );
  });

  it('does not copy a frame that came whole', () => {
    const chunk = frame(new Uint8Array(10));
    const [got] = new FrameSplitter().push(chunk);
    expect(got?.buffer).toBe(chunk.buffer);
  });

  it('refuses an oversized frame as soon as its length is known', () => {
    const splitter = new FrameSplitter();
    const length = Buffer.alloc(4);
    length.writeUInt32BE(maxFrameBytes + 1);
    expect(splitter.push(length.subarray(0, 3))).toEqual([]);
    expect(() => splitter.push(length.subarray(3))).toThrow(WireError);
  });
});
