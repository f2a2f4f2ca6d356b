import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Admission, ClusterNodeError, createCounters, defaultOptions, type Reply } from '@kv/cluster-node';
import { zeroStamp } from '@kv/quorum';
import { anyClusterId, decodeFrame, encodeFrame, type Frame, FrameDecoder, type Hello, maxFrameBytes } from '@kv/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawConnection } from '../testing/raw-http.ts';
import { eventually, memberId } from '../testing/test-cluster.ts';
import { FrameServer, type ServedMember } from './frame-server.ts';
import { helloFrame } from './hello-frame.ts';

const clusterId = '11111111-1111-4111-8111-111111111111';
const header = { operationId: 7, epoch: 1, keyspaceId: 0, deadlineMs: 0, stamp: zeroStamp };
const request = encodeFrame(header, { type: 'topology-request' });
const upgrade = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: kv/1\r\n\r\n';
const helloTimeoutMs = 200;

function helloOf(role: Hello['role'], changes: Partial<Hello> = {}): Hello {
  const ids = { clusterId, nodeId: memberId(1), generation: 1 };
  const protocol = { lowestProtocol: 1, highestProtocol: 1, features: 0, codecs: [] };
  return { type: 'hello', ...protocol, ...ids, role, authentication: new Uint8Array(0), ...changes };
}

/** Takes note of what reaches it, and answers a client's request with the same frame. */
class NotingMember implements ServedMember {
  readonly admission = new Admission(defaultOptions, createCounters());
  readonly received: [from: string, frame: Uint8Array][] = [];
  hello(role: Hello['role']): Hello {
    return helloOf(role, { nodeId: memberId(0) });
  }
  checkHello(theirs: Hello): void {
    if (theirs.clusterId === clusterId || theirs.clusterId === anyClusterId) return;
    throw new ClusterNodeError('IDENTITY_MISMATCH', `this is cluster ${clusterId}`);
  }
  receive(from: string, frame: Uint8Array): void {
    this.received.push([from, frame]);
  }
  serve(frame: Uint8Array, reply: Reply): void {
    setImmediate(() => reply(frame, () => undefined));
  }
}

let server: Server;
let frames: FrameServer;
let member: NotingMember;
let present: boolean;
let heard: string[];
let lost: string[];
let causes: unknown[];

beforeEach(async () => {
  member = new NotingMember();
  present = true;
  heard = [];
  lost = [];
  causes = [];
  frames = new FrameServer({
    member: () => (present ? member : undefined),
    heard: (from) => heard.push(from),
    faults: {
      met: (_event, cause, more) => {
        causes.push(cause);
        lost.push(String(more?.['reason']));
      },
    },
    helloTimeoutMs,
  });
  server = createServer((_incoming, outgoing) => outgoing.end('http\n'));
  server.on('upgrade', (incoming, socket, head) => frames.upgrade(incoming, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  frames.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function dial(): RawConnection {
  return new RawConnection((server.address() as AddressInfo).port);
}

/** What came after the `101`, as frames. */
function framesOf({ bytes }: RawConnection): Frame[] {
  const end = bytes.indexOf('\r\n\r\n');
  return end < 0 ? [] : new FrameDecoder().push(bytes.subarray(end + 4));
}

const bytesOf = (frame: Uint8Array): string => Buffer.from(frame).toString('latin1');

describe('Upgrade: kv/1', () => {
  it('switches protocols and says hello first', async () => {
    const connection = dial();
    await connection.write(upgrade);
    await eventually(() => framesOf(connection).length === 1);
    expect(connection.text).toMatch(
      /^HTTP\/1\.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: kv\/1\r\n\r\n/,
    );
    expect(framesOf(connection)[0]?.message).toMatchObject({ type: 'hello', role: 'node', nodeId: memberId(0) });
    connection.socket.destroy();
  });

  it('lives beside plain HTTP on the same port', async () => {
    const connection = dial();
    await connection.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => connection.text.includes('http\n'));
    await connection.write(upgrade);
    await eventually(() => connection.text.includes('101 Switching'));
    connection.socket.destroy();
  });

  it('hands the frames of a member over as they came, whatever the chunks', async () => {
    const connection = dial();
    const stream = upgrade + bytesOf(helloFrame(helloOf('node'))) + bytesOf(request).repeat(3);
    for (let at = 0; at < stream.length; at += 31) await connection.write(stream.slice(at, at + 31));
    await eventually(() => member.received.length === 3);
    for (const [from, frame] of member.received) {
      expect(from).toBe(memberId(1));
      expect(decodeFrame(frame)).toEqual(decodeFrame(request));
    }
    expect(heard).toEqual([memberId(1), memberId(1), memberId(1)]);
    connection.socket.destroy();
  });

  it("answers a client's requests on its connection", async () => {
    const connection = dial();
    const hello = helloFrame(helloOf('client', { clusterId: anyClusterId }));
    await connection.write(upgrade + bytesOf(hello) + bytesOf(request).repeat(2));
    await eventually(() => framesOf(connection).length === 3);
    expect(framesOf(connection).slice(1)).toEqual([decodeFrame(request), decodeFrame(request)]);
    expect(member.received).toEqual([]);
    connection.socket.destroy();
  });

  it('stops reading from a client that has too many requests under way, and goes on when they are answered', async () => {
    const asked = 10_000;
    const perChunk = Math.ceil(65_536 / request.length);
    const replies: (() => void)[] = [];
    member.serve = (frame, reply) => void replies.push(() => reply(frame, () => undefined));
    const connection = dial();
    await connection.write(upgrade + bytesOf(helloFrame(helloOf('client'))));
    void connection.write(bytesOf(request).repeat(asked));
    await eventually(() => replies.length >= 1024);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(replies.length).toBeLessThanOrEqual(1024 + perChunk);
    await eventually(() => {
      for (const reply of replies.splice(0)) reply();
      return framesOf(connection).length === 1 + asked;
    });
    expect(frames.requests).toBe(0);
    connection.socket.destroy();
  });

  it.each([
    ['another protocol', upgrade.replace('kv/1', 'websocket'), 400],
    ['another method', upgrade.replace('GET', 'POST'), 400],
    ['a later version', upgrade.replace('kv/1', 'kv/2'), 400],
  ])('refuses %s', async (_name, text, status) => {
    const connection = dial();
    await connection.write(text);
    await eventually(() => connection.closed);
    expect(connection.text).toMatch(new RegExp(`^HTTP/1.1 ${status} .*"code":"NOT_SUPPORTED"`, 's'));
  });

  it('lets who comes before the member is open wait for it', async () => {
    present = false;
    const early = dial();
    await early.write(upgrade + bytesOf(helloFrame(helloOf('node'))) + bytesOf(request));
    const plain = dial();
    await plain.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => plain.text.includes('http\n'));
    expect(early.text).toBe('');
    present = true;
    frames.open();
    await eventually(() => member.received.length === 1);
    for (const { socket } of [early, plain]) socket.destroy();
  });

  it('refuses when it is about to close, also whoever still waits', async () => {
    present = false;
    const early = dial();
    await early.write(upgrade);
    const plain = dial();
    await plain.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => plain.text.includes('http\n'));
    frames.refuse();
    const late = dial();
    await late.write(upgrade);
    await eventually(() => early.closed && late.closed);
    for (const { text } of [early, late]) expect(text).toMatch(/^HTTP\/1\.1 503 .*"code":"NOT_READY"/s);
    plain.socket.destroy();
  });
});

describe('a bad end', () => {
  async function answerTo(bytes: string): Promise<{ frames: Frame[]; connection: RawConnection }> {
    const connection = dial();
    await connection.write(upgrade + bytes);
    await eventually(() => connection.closed);
    return { frames: framesOf(connection), connection };
  }

  it('of another cluster is told so, and nothing it sends is looked at', async () => {
    const hello = helloFrame(helloOf('node', { clusterId: '22222222-2222-4222-8222-222222222222' }));
    const answer = await answerTo(bytesOf(hello) + bytesOf(request));
    expect(answer.frames[1]?.message).toMatchObject({ type: 'error', code: 'IDENTITY_MISMATCH' });
    expect(member.received).toEqual([]);
  });

  it.each([
    ['garbage', '\x00\x00\x00\x28' + 'g'.repeat(40)],
    ['a request instead of a hello', bytesOf(request)],
    ['a length beyond the limit', '\xff\xff\xff\xff'],
    ['HTTP', upgrade],
  ])('that sends %s is refused', async (_name, bytes) => {
    const { frames: got } = await answerTo(bytes);
    expect(got[1]?.message).toMatchObject({ type: 'error' });
    expect(member.received).toEqual([]);
    await eventually(() => lost.length === 1);
  });

  it('that sends an oversized frame after its hello is refused before the frame is kept', async () => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(maxFrameBytes + 1);
    const { frames: got } = await answerTo(bytesOf(helloFrame(helloOf('node'))) + length.toString('latin1'));
    expect(got[1]?.message).toMatchObject({ type: 'error', code: 'FRAME_TOO_LARGE' });
  });

  it('that says nothing is not waited for', async () => {
    const startedAt = performance.now();
    const { frames: got } = await answerTo('');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(helloTimeoutMs - 20);
    expect(got[1]?.message).toMatchObject({ type: 'error', message: `no hello in ${helloTimeoutMs} ms` });
  });

  it('that resets its connection harms nobody', async () => {
    const connection = dial();
    await connection.write(upgrade + bytesOf(helloFrame(helloOf('client'))) + bytesOf(request));
    await eventually(() => frames.connections === 1);
    connection.socket.resetAndDestroy();
    await eventually(() => frames.connections === 0);
  });

  it.each(['client', 'node'] as const)('of a %s is one cause with others, though its faults differ', async (role) => {
    const hello = bytesOf(helloFrame(helloOf(role, { nodeId: memberId(1) })));
    let greeted = 0;
    member.checkHello = () => void (greeted += 1);
    for (const more of [1, 2]) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(maxFrameBytes + more);
      const connection = dial();
      await connection.write(upgrade + hello);
      await eventually(() => greeted === more);
      await connection.write(length);
    }
    await eventually(() => lost.length === 2);
    expect(new Set(lost).size).toBe(2);
    const end = role === 'node' ? memberId(1) : 'client';
    expect(causes).toEqual([
      { end, code: 'FRAME_TOO_LARGE' },
      { end, code: 'FRAME_TOO_LARGE' },
    ]);
  });
});
