import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { anyClusterId, encodeFrame, type Hello } from '@kv/wire';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CallerReader } from './caller.ts';
import { Front } from './front.ts';
import { clients, Links } from './links.ts';

const memberId = '00000000-0000-4000-8000-000000000002';
const upgrade = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: kv/1\r\n\r\n');
const plain = Buffer.from('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');

function hello(role: Hello['role']): Buffer {
  const header = { operationId: 0, epoch: 0, keyspaceId: 0, deadlineMs: 0, stamp: { ms: 0, counter: 0 } };
  const offer = { lowestProtocol: 1, highestProtocol: 1, features: 0, codecs: [], clusterId: anyClusterId };
  const about = { nodeId: memberId, role, generation: 1, authentication: new Uint8Array(0) };
  return Buffer.from(encodeFrame(header, { type: 'hello', ...offer, ...about }));
}

describe('CallerReader', () => {
  const later = hello('client');
  it.each([
    ['a member', [upgrade, hello('node'), later], { type: 'member', id: memberId }],
    ['a client', [upgrade, hello('client'), later], { type: 'client' }],
    ['a browser', [plain, later], { type: 'client' }],
    ['a stranger', [upgrade, Buffer.alloc(40, 0xff), later], { type: 'client' }],
  ])('knows %s, wherever its chunks begin and end', (_who, parts, expected) => {
    const all = Buffer.concat(parts);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 60 }), (sizes) => {
        const reader = new CallerReader();
        for (let at = 0, turn = 0; at < all.length; turn += 1) {
          const size = sizes[turn % sizes.length]!;
          const caller = reader.read(all.subarray(at, at + size));
          if (caller !== undefined) {
            expect(caller).toEqual(expected);
            return;
          }
          at += size;
        }
        expect.unreachable('the caller was not known in the end');
      }),
    );
  });
});

describe('a front', () => {
  let links: Links;
  let server: Server;
  let front: Front;
  let address: { host: string; port: number };
  let accepted: Promise<Socket>;

  beforeEach(async () => {
    links = new Links();
    server = createServer();
    accepted = once(server, 'connection').then(([socket]) => socket as Socket);
    const behind = await listen(server);
    const spare = createServer();
    const port = await listen(spare);
    await new Promise((resolve) => spare.close(resolve));
    address = { host: '127.0.0.1', port };
    const places = { address: `127.0.0.1:${port}`, behind: `127.0.0.1:${behind}` };
    front = await Front.open({ name: 'node-1', ...places, links, nameOf: () => 'node-2' });
  });
  afterEach(async () => {
    await front[Symbol.asyncDispose]();
    await new Promise((resolve) => server.close(resolve));
  });

  async function connectAs(first: Buffer): Promise<{ outside: Heard; inside: Heard }> {
    const outside = new Heard(createConnection(address));
    outside.socket.write(first);
    const inside = new Heard(await accepted);
    await inside.until(first.length);
    return { outside, inside };
  }

  it('leads both ways, and ends both ends', async () => {
    const { outside, inside } = await connectAs(plain);
    inside.socket.write('answer');
    await outside.until(6);
    expect([inside.text, outside.text]).toEqual([plain.toString(), 'answer']);
    outside.socket.end();
    await inside.closed;
    expect(links.hitBytes).toBe(0);
  });

  it('holds what one says on a link that is cut one way, and its end, until the link is mended', async () => {
    const { outside, inside } = await connectAs(Buffer.concat([upgrade, hello('node')]));
    const greeting = inside.text.length;
    links.set([['node-2', 'node-1']], { type: 'cut' });
    outside.socket.end('held');
    inside.socket.write('passes');
    await outside.until(6);
    await elapse(30);
    expect([inside.text.length, inside.socket.destroyed, links.hitBytes]).toEqual([greeting, false, 4]);
    links.mend();
    await inside.closed;
    expect(inside.text.slice(greeting)).toBe('held');
  });

  it('holds the hello of a member to whom the link was cut before it called, and nobody else’s', async () => {
    links.set([['node-2', 'node-1']], { type: 'cut' });
    const outside = new Heard(createConnection(address));
    outside.socket.write(upgrade);
    const inside = new Heard(await accepted);
    await inside.until(upgrade.length);
    outside.socket.write(hello('node'));
    await elapse(30);
    expect(inside.text.length).toBe(upgrade.length);
    links.set([[clients, 'node-1']], { type: 'cut' });
    links.set([['node-2', 'node-1']], { type: 'pass' });
    await inside.until(upgrade.length + hello('node').length);
  });

  it('lets bytes arrive late and in order, and stops a sender that sends far too much into a cut', async () => {
    const { outside, inside } = await connectAs(plain);
    links.set([[clients, 'node-1']], { type: 'delay', ms: 40 });
    const began = performance.now();
    outside.socket.write('late');
    await inside.until(plain.length + 4);
    expect(performance.now() - began).toBeGreaterThan(38);
    links.set([[clients, 'node-1']], { type: 'cut' });
    const bulk = Buffer.alloc(64 * 1024 * 1024, 'x');
    outside.socket.write(bulk);
    await elapse(200);
    expect(links.hitBytes).toBeLessThan(bulk.length / 2);
    links.mend();
    await inside.until(plain.length + 4 + bulk.length);
  });

  it('closes a connection when nobody listens behind', async () => {
    await new Promise((resolve) => server.close(resolve));
    const outside = new Heard(createConnection(address));
    await outside.closed;
    server = createServer();
  });
});

/** A socket with all that it was told. */
class Heard {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      this.#chunks.push(bytes);
      this.#length += bytes.length;
    });
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  async until(length: number): Promise<void> {
    while (this.#length < length) await elapse(1);
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function elapse(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
