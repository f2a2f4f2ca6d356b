import { deepStrictEqual } from 'node:assert/strict';
import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from './errors.ts';
import { decodeFrame, encodeFrame, type FrameHeader, maxFrameBytes, type Message, type MessageType } from './index.ts';
import { header, messages } from './testing/arbitraries.test.ts';

const clusterId = '00112233-4455-6677-8899-aabbccddeeff';
const nodeId = '01234567-89ab-cdef-0123-456789abcdef';
const version = { ms: 0x0102030405, counter: 6, actor: '0f'.repeat(16) };
const receipt = {
  mode: 'strict' as const,
  epoch: 1,
  needed: 1,
  got: 1,
  replicas: [],
  repairs: { sent: 0, acknowledged: 0, needed: 0, held: 0 },
};
const plain: FrameHeader = { operationId: 0, epoch: 0, keyspaceId: 0, deadlineMs: 0, stamp: { ms: 0, counter: 0 } };
const key = Uint8Array.of(0x6b);
const smallTopology = {
  epoch: 3,
  clusterId,
  partitions: 1,
  members: [{ id: nodeId, name: 'a', address: 'b', weight: 1 }],
  owners: [0],
  keyspaces: [],
  nextKeyspaceId: 2,
  voters: [nodeId],
  changes: [],
};
const smallTopologyBytes =
  '0000000000000003 00112233445566778899aabbccddeeff 00000001' +
  '00000001 0123456789abcdef0123456789abcdef 0001 61 0001 62 3ff0000000000000 00 00' +
  '00000001 0000 00000000 00000002 00000001 0123456789abcdef0123456789abcdef 00000000';

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The bytes of a frame behind its header. */
function bodyOf(message: Message): string {
  return hex(encodeFrame(plain, message)).slice(2 * 33);
}

function refusal(action: () => unknown): WireError {
  try {
    action();
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('every message', () => {
  it.each(Object.keys(messages) as MessageType[])('%s comes back as it was sent', (type) => {
    fc.assert(
      fc.property(header, messages[type] as Arbitrary<Message>, (frameHeader, message) => {
        deepStrictEqual(decodeFrame(encodeFrame(frameHeader, message)), { header: frameHeader, message });
      }),
      { numRuns: 200 },
    );
  });

  it('lies in one buffer of its exact size, and its bytes are read as views of it', () => {
    const message: Message = {
      type: 'replica-write',
      partition: 1,
      key,
      meta: Uint8Array.of(1),
      value: new Uint8Array(10_000),
    };
    const frame = encodeFrame(plain, message);
    expect(frame.length).toBe(frame.buffer.byteLength);
    const decoded = decodeFrame(frame).message;
    if (decoded.type !== 'replica-write') throw new Error(`decoded a ${decoded.type}`);
    for (const view of [decoded.key, decoded.meta, decoded.value]) expect(view.buffer).toBe(frame.buffer);
  });

  it('holds a value of 1 MiB beside the longest key and meta', () => {
    const message: Message = {
      type: 'replica-write',
      partition: 65_535,
      key: new Uint8Array(4096),
      meta: new Uint8Array(255),
      value: new Uint8Array(1024 * 1024).fill(7),
    };
    deepStrictEqual(decodeFrame(encodeFrame(plain, message)).message, message);
  });

  it('keeps latencies to the microsecond and lets absurd ones saturate', () => {
    const answer = (latencyMs: number): Message => ({
      type: 'read-failed',
      outcome: 'unavailable',
      receipt: { ...receipt, replicas: [{ replica: nodeId, role: 'primary', answer: 'held', latencyMs }] },
    });
    const latency = (latencyMs: number): unknown => {
      const { message } = decodeFrame(encodeFrame(plain, answer(latencyMs)));
      return message.type === 'read-failed' ? message.receipt.replicas[0]?.latencyMs : undefined;
    };
    expect(latency(1.2344)).toBe(1.234);
    expect(latency(0.0006)).toBe(0.001);
    expect(latency(1e9)).toBe(4_294_967.295);
  });
});

describe('the frozen bytes', () => {
  it('of the frame header', () => {
    const frameHeader = {
      operationId: 0x01020304,
      epoch: 0x0005060708090a,
      keyspaceId: 0x0b0c0d0e,
      deadlineMs: 0x0f101112,
      stamp: { ms: 0x131415161718, counter: 0x191a },
    };
    expect(hex(encodeFrame(frameHeader, { type: 'topology-request' }))).toBe(
      '0000001d' + '28' + '01020304' + '000005060708090a' + '0b0c0d0e' + '0f101112' + '131415161718' + '191a',
    );
  });

  it('of hello, the first frame each way', () => {
    const body = bodyOf({
      type: 'hello',
      lowestProtocol: 1,
      highestProtocol: 0x0203,
      features: 0x80000001,
      codecs: [0, 1],
      clusterId,
      nodeId,
      role: 'node',
      generation: 7,
      authentication: Uint8Array.of(0xaa, 0xbb),
    });
    expect(body).toBe(
      '4b56' +
        '0001' +
        '0203' +
        '80000001' +
        '00000002' +
        '0001' +
        '00112233445566778899aabbccddeeff' +
        '0123456789abcdef0123456789abcdef' +
        '01' +
        '0000000000000007' +
        '0002' +
        'aabb',
    );
  });

  it.each<[Message, string]>([
    [
      { type: 'error', code: 'A', message: 'b', details: { z: '1', é: '2' } },
      '0001' +
        '41' +
        '0001' +
        '62' +
        '01' +
        '00000002' +
        '0001' +
        '7a' +
        '0001' +
        '31' +
        '0002' +
        'c3a9' +
        '0001' +
        '32',
    ],
    [
      { type: 'replica-write', partition: 0x0102, key, meta: Uint8Array.of(9), value: Uint8Array.of(1, 2) },
      '0102' + '0001' + '6b' + '0001' + '09' + '00000002' + '0102',
    ],
    [{ type: 'replica-write-reply', outcome: 'superseded', version }, '02' + '000102030405' + '0006' + '0f'.repeat(16)],
    [{ type: 'replica-read', partition: 3, key, want: 'version' }, '0003' + '0001' + '6b' + '02'],
    [{ type: 'replica-read-reply', found: 'absent' }, '00'],
    [
      { type: 'replica-read-reply', found: 'value', meta: Uint8Array.of(9), value: Uint8Array.of(8) },
      '02' + '0001' + '09' + '00000001' + '08',
    ],
    [
      { type: 'hint-write', partition: 1, intendedOwner: nodeId, key, meta: Uint8Array.of(9), value: Uint8Array.of(2) },
      '0001' + '0123456789abcdef0123456789abcdef' + '0001' + '6b' + '0001' + '09' + '00000001' + '02',
    ],
    [{ type: 'hint-read', partition: 3, key }, '0003' + '0001' + '6b'],
    [{ type: 'range-dirty', partition: 3, intendedOwner: nodeId }, '0003' + '0123456789abcdef0123456789abcdef'],
    [{ type: 'get', key, r: 2, want: 'value' }, '0001' + '6b' + '01' + '02' + '01' + '00'],
    [
      { type: 'get-reply', found: 'absent', receipt },
      '00' + '00' + '01' + '0000000000000001' + '01' + '01' + '00' + '00' + '00' + '00' + '00000000',
    ],
    [
      { type: 'put', key, version, contentType: 'a/b', codec: 1, rawLength: 5, value: Uint8Array.of(1), ttlMs: 3 },
      '0001' +
        '6b' +
        '01' +
        '000102030405' +
        '0006' +
        '0f'.repeat(16) +
        '0003' +
        '612f62' +
        '01' +
        '00000005' +
        '00000001' +
        '01' +
        '01' +
        '000000000003' +
        '00' +
        '00',
    ],
    [{ type: 'delete', key, w: 1, sloppy: false }, '0001' + '6b' + '00' + '01' + '01' + '01' + '00'],
    [
      { type: 'replica-scan', partition: 258, prefix: key, gte: key, after: key, limit: 9, maxBytes: 7, want: 'value' },
      '0102' + '00016b' + '0100016b' + '00' + '0100016b' + '0009' + '00000007' + '01',
    ],
    [
      { type: 'replica-scan-reply', entries: [{ key, meta: Uint8Array.of(7), value: key }], truncated: true },
      '00000001' + '00016b' + '000107' + '01000000016b' + '01',
    ],
    [
      { type: 'scan', prefix: new Uint8Array(0), lt: key, cursor: key, limit: 100, values: true, r: 2 },
      '0000' + '00' + '0100016b' + '0100016b' + '0064' + '01' + '0102',
    ],
    [
      { type: 'scan-reply', entries: [{ key, meta: Uint8Array.of(7) }], cursor: key },
      '00000001' + '00016b' + '000107' + '00' + '0100016b',
    ],
    [
      { type: 'gossip-syn', clusterId, digests: [{ id: nodeId, generation: 1, heartbeat: 2 }], suspects: [] },
      '00112233445566778899aabbccddeeff' +
        '00000001' +
        '0123456789abcdef0123456789abcdef' +
        '0000000000000001' +
        '0000000000000002' +
        '00000000',
    ],
    [
      {
        type: 'gossip-ack',
        clusterId,
        wallMs: 1_700_000_000_000,
        digests: [],
        states: [{ id: nodeId, generation: 1, heartbeat: 2, status: 'normal', address: 'n1:1' }],
        suspects: [nodeId],
      },
      '00112233445566778899aabbccddeeff 018bcfe56800 00000000' +
        '00000001 0123456789abcdef0123456789abcdef 0000000000000001 0000000000000002 02 0004 6e313a31' +
        '00000001 0123456789abcdef0123456789abcdef',
    ],
    [
      {
        type: 'sibling-write',
        partition: 3,
        key,
        version,
        context: Uint8Array.of(7),
        content: { contentType: 'a/b', codec: 0, rawLength: 1, value: Uint8Array.of(9) },
        w: 2,
      },
      `0003 0001 6b 000102030405 0006 ${'0f'.repeat(16)} 01 0001 07 01 0003 612f62 00 00000001 00000001 09 02`,
    ],
    [
      { type: 'sibling-write-reply', outcome: 'applied', version, siblings: 2, receipt },
      `01 000102030405 0006 ${'0f'.repeat(16)} 01 0002 00 01 0000000000000001 01 01 00 00 00 00 00000000`,
    ],
    [{ type: 'get-siblings', key, r: 2 }, '0001 6b 01 02'],
    [
      {
        type: 'siblings',
        version,
        siblings: [{ version, contentType: '', codec: 0, rawLength: 1, value: Uint8Array.of(9) }],
        context: Uint8Array.of(7),
        receipt,
      },
      `01 000102030405 0006 ${'0f'.repeat(16)} 00000001 000102030405 0006 ${'0f'.repeat(16)} 0000 00 00000001` +
        '00000001 09 01 0001 07 01 0000000000000001 01 01 00 00 00 00 00000000',
    ],
    [{ type: 'put-sibling', key }, '0001 6b 00 00 00 00'],
    [{ type: 'topology-adopt', topology: smallTopology }, smallTopologyBytes],
    [{ type: 'topology-adopted', epoch: 3 }, '0000000000000003'],
    [
      { type: 'topology-behind', topology: smallTopology, behind: [nodeId] },
      `${smallTopologyBytes} 00000001 0123456789abcdef0123456789abcdef`,
    ],
    [{ type: 'purge-hints', partition: 3, upTo: { ms: 1, counter: 2 } }, '0003 000000000001 0002'],
    [{ type: 'purge-seal', partition: 3, upTo: { ms: 1, counter: 2 } }, '0003 000000000001 0002'],
    [{ type: 'purge-reply', outcome: 'held' }, '02'],
    [{ type: 'purge-wanted', partition: 3 }, '0003'],
    [{ type: 'purge-raise', partition: 3, upTo: { ms: 1, counter: 2 } }, '0003 000000000001 0002'],
    [
      {
        type: 'repair-write',
        partition: 3,
        key,
        meta: Uint8Array.of(1),
        value: Uint8Array.of(9),
        watermark: { ms: 1, counter: 2 },
      },
      '0003 0001 6b 0001 01 00000001 09 000000000001 0002',
    ],
  ])('of $type', (message, bytes) => {
    expect(bodyOf(message)).toBe(bytes.replaceAll(' ', ''));
  });

  it('of the message types', () => {
    const codes = Object.entries<Arbitrary<Message>>(messages).map(([type, arbitrary]) => {
      const [message] = fc.sample(arbitrary, 1);
      return [type, message === undefined ? undefined : encodeFrame(plain, message)[4]];
    });
    expect(Object.fromEntries(codes)).toStrictEqual({
      hello: 1,
      error: 2,
      'gossip-syn': 10,
      'gossip-ack': 11,
      'gossip-ack2': 12,
      'range-dirty': 15,
      'replica-write': 20,
      'replica-write-reply': 21,
      'replica-read': 22,
      'replica-read-reply': 23,
      'tree-compare': 24,
      'tree-compare-reply': 25,
      'tree-list': 26,
      'tree-list-reply': 27,
      'hint-write': 28,
      'hint-read': 29,
      get: 30,
      'get-reply': 31,
      put: 32,
      delete: 33,
      'write-reply': 34,
      'read-failed': 35,
      change: 36,
      'change-reply': 37,
      'topology-request': 40,
      topology: 41,
      'change-keyspace': 42,
      'topology-prepare': 44,
      'topology-accept': 45,
      'topology-reply': 46,
      'topology-adopt': 47,
      'topology-adopted': 48,
      'topology-behind': 49,
      'replica-scan': 70,
      'replica-scan-reply': 71,
      scan: 72,
      'scan-reply': 73,
      prepare: 50,
      'prepare-reply': 51,
      accept: 52,
      'accept-reply': 53,
      'register-query': 54,
      'register-query-reply': 55,
      'sibling-write': 60,
      'sibling-write-reply': 61,
      'get-siblings': 62,
      siblings: 63,
      'put-sibling': 64,
      'purge-hints': 80,
      'purge-seal': 81,
      'purge-reply': 82,
      'purge-raise': 83,
      'repair-write': 84,
      'purge-wanted': 85,
    });
  });
});

describe('encoding refuses what no format can hold', () => {
  const put: Message = { type: 'put', key, contentType: 'a/b', codec: 0, rawLength: 0, value: new Uint8Array(0) };
  const hello: Message = {
    type: 'hello',
    lowestProtocol: 1,
    highestProtocol: 1,
    features: 0,
    codecs: [],
    clusterId,
    nodeId,
    role: 'client',
    generation: 0,
    authentication: new Uint8Array(0),
  };
  const watermark = { ms: 0, counter: 0 };
  const digest = { id: nodeId, generation: 0, heartbeat: 0 };
  const member = { id: nodeId, name: 'a', address: 'b', weight: 1 };
  const topology = {
    type: 'topology' as const,
    epoch: 1,
    clusterId,
    partitions: 1,
    members: [member],
    owners: [0],
    keyspaces: [],
    nextKeyspaceId: 1,
    voters: [nodeId],
    changes: [],
  };

  it.each<[string, Message]>([
    ['put.key', { ...put, key: new Uint8Array(0) }],
    ['put.key', { ...put, key: new Uint8Array(4097) }],
    ['put.contentType', { ...put, contentType: 'a\nb' }],
    ['put.contentType', { ...put, contentType: 'é' }],
    ['put.contentType', { ...put, contentType: 'a'.repeat(129) }],
    ['put.codec', { ...put, codec: 256 }],
    ['put.rawLength', { ...put, rawLength: -1 }],
    ['put.rawLength', { ...put, rawLength: 1.5 }],
    ['put.ttlMs', { ...put, ttlMs: 2 ** 48 }],
    ['put.w', { ...put, w: Number.NaN }],
    ['put.version.ms', { ...put, version: { ...version, ms: 2 ** 48 } }],
    ['put.version.actor', { ...put, version: { ...version, actor: 'ab' } }],
    ['put.version.actor', { ...put, version: { ...version, actor: 'AB'.repeat(16) } }],
    ['hello.codecs', { ...hello, codecs: new Array<number>(17).fill(0) }],
    ['hello.codecs[1]', { ...hello, codecs: [0, 256] }],
    ['hello.nodeId', { ...hello, nodeId: nodeId.toUpperCase() }],
    ['hello.nodeId', { ...hello, nodeId: nodeId.replaceAll('-', '_') }],
    ['hello.generation', { ...hello, generation: 2 ** 53 }],
    ['hello.role', { ...hello, role: 'king' as 'node' }],
    ['error.code', { type: 'error', code: 'x'.repeat(65), message: '' }],
    ['error.message', { type: 'error', code: '', message: '\ud800' }],
    ['error.message', { type: 'error', code: '', message: '\udc00\ud800' }],
    [
      'error.details',
      {
        type: 'error',
        code: '',
        message: '',
        details: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [n, ''])),
      },
    ],
    [
      'gossip-syn.digests',
      { type: 'gossip-syn', clusterId, digests: new Array<typeof digest>(1025).fill(digest), suspects: [] },
    ],
    ['gossip-ack2.suspects[0]', { type: 'gossip-ack2', clusterId, states: [], suspects: ['n1'] }],
    ['replica-write.meta', { type: 'replica-write', partition: 0, key, meta: new Uint8Array(256), value: key }],
    ['replica-write.partition', { type: 'replica-write', partition: 65_536, key, meta: key, value: key }],
    [
      'tree-compare.nodes',
      { type: 'tree-compare', partition: 0, level: 1, nodes: new Array<number>(4097).fill(0), hashes: key, watermark },
    ],
    ['tree-list-reply.entries[0].version', { type: 'tree-list-reply', entries: [{ key, version: new Uint8Array(0) }] }],
    ['topology.members[0].weight', { ...topology, members: [{ ...member, weight: -1 }] }],
    ['topology.members[0].weight', { ...topology, members: [{ ...member, weight: Number.POSITIVE_INFINITY }] }],
    ['topology.voters', { ...topology, voters: new Array<string>(6).fill(nodeId) }],
    ['topology', { ...topology, partitions: 2 }],
    ['topology', { ...topology, owners: [1] }],
  ])('%s', (path, message) => {
    const error = refusal(() => encodeFrame(plain, message));
    expect(error.code).toBe('MALFORMED');
    expect(error.path).toBe(path);
    expect(error.message).toMatch(/: needed .*, got /);
  });

  it('a message of no known type', () => {
    const error = refusal(() => encodeFrame(plain, { type: 'gossip' } as unknown as Message));
    expect(error.code).toBe('UNKNOWN_MESSAGE');
  });

  it('a header field out of range, and a frame over the limit before it is allocated', () => {
    expect(refusal(() => encodeFrame({ ...plain, epoch: -1 }, put)).path).toBe('put.epoch');
    const message: Message = { ...put, value: new Uint8Array(maxFrameBytes) };
    expect(refusal(() => encodeFrame(plain, message)).code).toBe('FRAME_TOO_LARGE');
    const length = encodeFrame(plain, put).length - 4;
    expect(encodeFrame(plain, put, length).length).toBe(length + 4);
    expect(refusal(() => encodeFrame(plain, put, length - 1)).code).toBe('FRAME_TOO_LARGE');
  });
});

describe('decoding refuses', () => {
  const frame = encodeFrame(plain, { type: 'get', key, want: 'value' });
  const altered = (offset: number, ...bytes: number[]): Uint8Array => {
    const copy = frame.slice();
    copy.set(bytes, offset);
    return copy;
  };

  it.each<[string, string, Uint8Array]>([
    ['MALFORMED', 'needed 4 more bytes, got 0', new Uint8Array(0)],
    ['MALFORMED', 'needed a frame of 35 bytes after its length, got 34', frame.subarray(0, -1)],
    ['MALFORMED', 'needed a frame of 35 bytes after its length, got 36', Uint8Array.of(...frame, 0)],
    ['MALFORMED', 'get: needed the end, got 1 more bytes', Uint8Array.of(0, 0, 0, 36, ...frame.subarray(4), 0)],
    ['MALFORMED', 'needed a frame of at least 29 bytes, got one of 28', Uint8Array.of(0, 0, 0, 28)],
    [
      'FRAME_TOO_LARGE',
      'needed a frame of at most 4194304 bytes, got one of 4294967295',
      altered(0, 255, 255, 255, 255),
    ],
    ['UNKNOWN_MESSAGE', 'needed a message type of this version, got the code 99', altered(4, 99)],
    ['MALFORMED', 'get.epoch: needed an integer below 2^53, got a larger one', altered(9, 0, 32)],
    ['MALFORMED', 'get.key: needed 1 to 4096 bytes, got 0', altered(33, 0, 0)],
    ['MALFORMED', 'get.key: needed 4096 more bytes, got 4', altered(33, 16, 0)],
    ['MALFORMED', 'get.r: needed 0 (absent) or 1 (present), got 2', altered(36, 2)],
    ['MALFORMED', 'get.want: needed one of 1, 2, got 3', altered(37, 3)],
  ])('%s: %s', (code, message, bytes) => {
    const error = refusal(() => decodeFrame(bytes));
    expect(error.code).toBe(code);
    expect(error.message).toBe(message);
  });

  it('UTF-8 that is none, keeping the cause', () => {
    const bytes = encodeFrame(plain, { type: 'error', code: 'A', message: '' });
    bytes[35] = 0xff;
    const error = refusal(() => decodeFrame(bytes));
    expect(error.message).toBe('error.code: needed UTF-8, got other bytes');
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  it('more items than a list may hold, though they are all there', () => {
    const suspects = new Array<string>(1024).fill(nodeId);
    const full = encodeFrame(plain, { type: 'gossip-syn', clusterId, digests: [], suspects });
    expect(decodeFrame(full).message).toMatchObject({ suspects });
    const over = Uint8Array.of(...full, ...full.subarray(-16));
    const view = new DataView(over.buffer);
    view.setUint32(0, over.length - 4);
    view.setUint32(33 + 16 + 4, 1025);
    expect(refusal(() => decodeFrame(over)).message).toBe(
      'gossip-syn.suspects: needed at most 1024 items that fit 16400 bytes, got a count of 1025',
    );
  });

  it('maps whose names are not ascending: a map has one form', () => {
    const bytes = encodeFrame(plain, { type: 'error', code: '', message: '', details: { a: '', b: '' } });
    const [a, b] = [bytes.indexOf(0x61), bytes.indexOf(0x62)];
    bytes[a] = 0x62;
    expect(refusal(() => decodeFrame(bytes)).path).toBe('error.details');
    bytes[b] = 0x61;
    expect(refusal(() => decodeFrame(bytes)).path).toBe('error.details');
  });

  it('a hello without the magic: another protocol came to this port', () => {
    const hello: Message = {
      type: 'hello',
      lowestProtocol: 1,
      highestProtocol: 1,
      features: 0,
      codecs: [],
      clusterId,
      nodeId,
      role: 'client',
      generation: 0,
      authentication: new Uint8Array(0),
    };
    const bytes = encodeFrame(plain, hello);
    bytes[33] = 0x16;
    expect(refusal(() => decodeFrame(bytes)).message).toBe('hello.magic: needed 0x4b56, got 0x1656');
  });
});
