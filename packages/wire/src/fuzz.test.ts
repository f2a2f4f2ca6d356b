/** Bytes from strangers: whatever they are, decoding gives a value or a WireError, and takes memory in proportion. */
import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame, decodeRecordMeta, encodeFrame, encodeRecordMeta, FrameDecoder, WireError } from './index.ts';
import type { FrameHeader, Message } from './index.ts';
import { header, messages } from './testing/arbitraries.test.ts';

const plain: FrameHeader = { operationId: 0, epoch: 0, keyspaceId: 0, deadlineMs: 0, stamp: { ms: 0, counter: 0 } };
const codes = ['MALFORMED', 'FRAME_TOO_LARGE', 'UNKNOWN_MESSAGE', 'UNSUPPORTED_VERSION'];
const extremes = [0, 1, 0xff, 0x100, 1025, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];

/** Mulberry32: the same cases in every run. */
function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** A damaged copy of `frame`, its length mostly made to fit so that the damage reaches the body. */
function damage(frame: Uint8Array, random: (limit: number) => number): Uint8Array {
  let bytes = new Uint8Array(frame);
  for (let times = 1 + random(3); times > 0; times -= 1) {
    const at = random(bytes.length);
    const kind = random(5);
    if (kind === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    else if (kind === 1) bytes[at] = random(256);
    else if (kind === 2) bytes = bytes.slice(0, Math.max(5, at));
    else if (kind === 3) bytes = new Uint8Array([...bytes, ...bytes.subarray(at, at + 40)]);
    else if (at + 4 <= bytes.length) new DataView(bytes.buffer).setUint32(at, extremes[random(extremes.length)] ?? 0);
  }
  if (random(20) > 0) new DataView(bytes.buffer).setUint32(0, bytes.length - 4);
  return bytes;
}

/** Elements, characters and bytes of everything in `value`; views of the input count as one. */
function weight(value: unknown): number {
  if (typeof value === 'string') return 1 + value.length;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 1;
  return Object.values(value).reduce<number>((sum, part) => sum + weight(part), 1);
}

/** 'value' if the bytes are the one form of what they decode to, else the code of the refusal; anything else throws. */
function outcomeOf(bytes: Uint8Array): string {
  try {
    const { header: frameHeader, message } = decodeFrame(bytes);
    expect(Buffer.compare(encodeFrame(frameHeader, message), bytes)).toBe(0);
    expect(weight(message)).toBeLessThan(4 * bytes.length);
    return 'value';
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
}

function tally(outcomes: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return counts;
}

describe('hostile bytes', () => {
  it('damaged frames of every type: 1200 cases each', () => {
    const random = seeded(1);
    const outcomes: string[] = [];
    for (const arbitrary of Object.values(messages) as Arbitrary<Message>[]) {
      const frames = fc.sample(fc.tuple(header, arbitrary), { numRuns: 40, seed: 7 });
      for (const [frameHeader, message] of frames) {
        const frame = encodeFrame(frameHeader, message);
        for (let copy = 0; copy < 30; copy += 1) outcomes.push(outcomeOf(damage(frame, random)));
      }
    }
    const counts = tally(outcomes);
    expect(outcomes.length).toBe(1200 * Object.keys(messages).length);
    expect(codes).toEqual(expect.arrayContaining([...counts.keys()].filter((outcome) => outcome !== 'value')));
    // Were nearly all refused at once, or none, the damage would prove nothing about the bodies.
    expect(counts.get('value')).toBeGreaterThan(2000);
    expect(counts.get('MALFORMED')).toBeGreaterThan(5000);
    expect(counts.get('UNKNOWN_MESSAGE')).toBeGreaterThan(10);
    expect(counts.get('FRAME_TOO_LARGE')).toBeGreaterThan(10);
  });

  it('random bytes behind a fitting length and any type: 20,000 cases', () => {
    const random = seeded(2);
    const outcomes: string[] = [];
    const sound = encodeFrame(plain, { type: 'topology-request' });
    for (let index = 0; index < 20_000; index += 1) {
      const body = Array.from({ length: random(1 + random(70)) }, () => (random(6) === 0 ? random(256) : random(3)));
      const bytes = Uint8Array.of(...sound, ...body);
      bytes[3] = bytes.length - 4;
      bytes[4] = random(90);
      outcomes.push(outcomeOf(bytes));
    }
    const counts = tally(outcomes);
    expect(counts.get('value')).toBeGreaterThan(20);
    expect(counts.get('MALFORMED')).toBeGreaterThan(2000);
    expect(counts.get('UNKNOWN_MESSAGE')).toBeGreaterThan(2000);
  });

  it('random bytes as a stream', () => {
    const random = seeded(3);
    for (let index = 0; index < 2000; index += 1) {
      const decoder = new FrameDecoder();
      let sent = 0;
      try {
        for (let chunk = 0; chunk < 4; chunk += 1) {
          const bytes = new Uint8Array(1 + random(60)).map((_, at) => (sent + at < 2 ? 0 : random(256)));
          sent += bytes.length;
          decoder.push(bytes);
          expect(decoder.bufferedBytes).toBeLessThanOrEqual(4 + 4 * sent);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }
  });

  it('damaged record metas', () => {
    const random = seeded(4);
    const version = { ms: 5, counter: 6, actor: 'ab'.repeat(16) };
    const fields = { codec: 1, rawLength: 9, contentType: 'text/plain' };
    const meta = encodeRecordMeta({ kind: 'value', version, deadline: 8, ...fields });
    for (let index = 0; index < 5000; index += 1) {
      const bytes = meta.slice(0, random(10) === 0 ? random(meta.length) : meta.length);
      if (bytes.length > 0) bytes[random(bytes.length)] = random(256);
      try {
        expect(Buffer.compare(encodeRecordMeta(decodeRecordMeta(bytes)), bytes)).toBe(0);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
      }
    }
  });
});

describe('a count that lies', () => {
  const id = '01234567-89ab-cdef-0123-456789abcdef';
  const listed: readonly [string, Message, number][] = [
    ['gossip-syn.digests', { type: 'gossip-syn', clusterId: id, digests: [], suspects: [] }, 16],
    ['gossip-syn.suspects', { type: 'gossip-syn', clusterId: id, digests: [], suspects: [] }, 20],
    ['gossip-ack2.states', { type: 'gossip-ack2', clusterId: id, states: [], suspects: [] }, 16],
    [
      'topology.owners',
      {
        type: 'topology',
        epoch: 1,
        clusterId: id,
        partitions: 0,
        members: [],
        owners: [],
        keyspaces: [],
        nextKeyspaceId: 1,
        voters: [],
        changes: [],
      },
      32,
    ],
    ['error.details', { type: 'error', code: '', message: '', details: {} }, 5],
  ];
  const cases = listed.flatMap(([path, message, at]) =>
    [16, 1024, 65_536, 0xffffffff].map((count) => ({ path, message, at, count })),
  );

  it.each(cases)('$path of $count is refused before an item is read', ({ path, message, at, count }) => {
    const bytes = encodeFrame(plain, message);
    new DataView(bytes.buffer).setUint32(33 + at, count);
    expect(() => decodeFrame(bytes)).toThrow(new RegExp(`^${path.replace('.', '\\.')}: needed .* count of ${count}$`));
  });
});
