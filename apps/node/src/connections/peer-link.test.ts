import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Admission, createCounters, defaultOptions } from '@kv/cluster-node';
import { zeroStamp } from '@kv/quorum';
import { decodeFrame, encodeFrame, type Hello } from '@kv/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, memberId } from '../testing/test-cluster.ts';
import { FrameServer } from './frame-server.ts';
import { helloFrame } from './hello-frame.ts';
import { PeerLinks, type PeerLinksDependencies } from './peer-links.ts';

const clusterId = '11111111-1111-4111-8111-111111111111';

function helloOf(nodeId: string, role: Hello['role'] = 'node'): Hello {
  const protocol = { lowestProtocol: 1, highestProtocol: 1, features: 0, codecs: [] };
  return { type: 'hello', ...protocol, clusterId, nodeId, role, generation: 1, authentication: new Uint8Array(0) };
}

function frameNumber(operationId: number, size = 0): Uint8Array {
  const header = { operationId, epoch: 1, keyspaceId: 0, deadlineMs: 0, stamp: zeroStamp };
  const value = new Uint8Array(size);
  return encodeFrame(header, {
    type: 'replica-write',
    partition: 1,
    key: new Uint8Array(1),
    meta: new Uint8Array(1),
    value,
  });
}

/** A peer that takes note of the frames that it gets. */
class Peer {
  readonly id: string;
  readonly operations: number[] = [];
  readonly sockets: Duplex[] = [];
  dials = 0;
  readonly #frames: FrameServer;
  #server: Server | undefined;
  port = 0;

  constructor(id: string) {
    this.id = id;
    const member = {
      hello: () => helloOf(this.id),
      checkHello: () => undefined,
      receive: (_from: string, frame: Uint8Array) => void this.operations.push(decodeFrame(frame).header.operationId),
      serve: () => undefined,
      admission: new Admission(defaultOptions, createCounters()),
    };
    const faults = { met: () => undefined };
    this.#frames = new FrameServer({ member: () => member, heard: () => undefined, faults });
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async listen(answer: (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void = this.serve): Promise<void> {
    const server = createServer();
    server.on('upgrade', (incoming, socket, head) => {
      this.dials += 1;
      this.sockets.push(socket);
      answer(incoming, socket, head);
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  readonly serve = (incoming: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.#frames.upgrade(incoming, socket, head);
  };

  async stop(): Promise<void> {
    for (const socket of this.sockets.splice(0)) (socket as Socket).resetAndDestroy();
    this.#server?.closeAllConnections();
    await new Promise((resolve) => (this.#server === undefined ? resolve(undefined) : this.#server.close(resolve)));
  }
}

let peer: Peer;
let links: PeerLinks;
/** Why the link was lost, once for each outage; and how often the member was told. */
let reasons: string[];
let losses: number;
let returns: number;

beforeEach(() => {
  peer = new Peer(memberId(1));
  reasons = [];
  losses = 0;
  returns = 0;
  links = new PeerLinks(dependencies);
});
afterEach(async () => {
  links.close();
  await peer.stop();
});

const dependencies: PeerLinksDependencies = {
  hello: () => helloFrame(helloOf(memberId(0))),
  checkHello: () => undefined,
  linkLost: () => (losses += 1),
  nameOf: (id) => id,
  log: {
    info: () => (returns += 1),
    warn: (_event, fields) => reasons.push(String(fields?.['reason'])),
    error: () => undefined,
  },
};

const send = (operationId: number, size = 0): void => links.send(peer.id, peer.address, frameNumber(operationId, size));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a link to a peer', () => {
  it('is made on first use, once, and keeps the order of what is sent meanwhile and after', async () => {
    await peer.listen();
    for (let number = 1; number <= 100; number += 1) send(number);
    await eventually(() => peer.operations.length > 0);
    for (let number = 101; number <= 200; number += 1) send(number);
    await eventually(() => peer.operations.length === 200);
    expect(peer.operations).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(peer.dials).toBe(1);
    expect(losses).toBe(0);
  });

  it('says that it is lost when nobody listens, never during a send, and tries again later', async () => {
    await peer.listen();
    await peer.stop();
    send(1);
    expect(losses).toBe(0);
    await eventually(() => losses === 1);
    expect(reasons[0]).toMatch(/ECONNREFUSED/);
    await peer.listen();
    await eventually(() => {
      send(2);
      return peer.operations.length > 0;
    });
    expect(peer.operations).not.toContain(1);
  });

  it('rests after a failure instead of dialing for each frame', async () => {
    await peer.listen((_incoming, socket) => socket.destroy());
    const until = performance.now() + 400;
    while (performance.now() < until) {
      send(1);
      await turn();
    }
    expect(peer.dials).toBeGreaterThan(1);
    expect(peer.dials).toBeLessThanOrEqual(8);
    expect(losses).toBeGreaterThan(peer.dials);
    expect(reasons).toHaveLength(1);
  });

  it('says that it is lost when the peer breaks it, and is made again', async () => {
    await peer.listen();
    send(1);
    await eventually(() => peer.operations.length === 1);
    await peer.stop();
    await eventually(() => losses === 1);
    await peer.listen();
    await eventually(() => {
      send(2);
      return peer.operations.includes(2);
    });
    expect(reasons).toHaveLength(1);
    expect(returns).toBe(1);
  });

  it.each([
    ['another member', helloOf(memberId(2))],
    ['a client', helloOf(memberId(1), 'client')],
  ])('is not made to %s that answers at the address', async (_name, hello) => {
    await peer.listen((_incoming, socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: kv/1\r\n\r\n');
      socket.write(helloFrame(hello));
    });
    send(1);
    await eventually(() => losses === 1);
    expect(reasons[0]).toMatch(/expected member/);
  });

  it('drops what waits once it is more than memory should hold', async () => {
    await peer.listen((_incoming, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: kv/1\r\n\r\n');
      socket.write(helloFrame(helloOf(peer.id)));
      socket.pause();
    });
    for (let number = 1; number <= 70 && losses === 0; number += 1) {
      send(number, 1_000_000);
      await turn();
    }
    await eventually(() => losses > 0);
    expect(reasons[0]).toMatch(/bytes wait for the peer/);
  });

  it('follows the peer to another address', async () => {
    await peer.listen();
    send(1);
    await eventually(() => peer.operations.length === 1);
    const moved = new Peer(peer.id);
    await moved.listen();
    links.send(peer.id, moved.address, frameNumber(2));
    await eventually(() => moved.operations.length === 1);
    expect(losses).toBe(0);
    await moved.stop();
  });

  it('sends nothing after it was closed, and reports no loss', async () => {
    await peer.listen();
    send(1);
    await eventually(() => peer.operations.length === 1);
    links.close();
    send(2);
    await turn();
    await turn();
    expect(peer.operations).toEqual([1]);
    expect(losses).toBe(0);
  });
});

describe('a link on which nothing comes back', () => {
  it('is not given up after a pause of this process in which the peer did answer', async () => {
    await peer.listen();
    let clock = 0;
    links.close();
    links = new PeerLinks(dependencies, () => clock);
    send(1);
    await eventually(() => peer.operations.length === 1);
    clock += 60_000;
    send(2);
    links.heard(peer.id);
    clock += 200;
    send(3);
    await eventually(() => peer.operations.length === 3);
    expect(losses).toBe(0);
  });

  it('is given up, unless the peer is heard', async () => {
    await peer.listen();
    let clock = 0;
    const now = (): number => clock;
    links.close();
    links = new PeerLinks(dependencies, now);
    send(1);
    await eventually(() => peer.operations.length === 1);
    clock += 3000;
    links.heard(peer.id);
    send(2);
    clock += 3000;
    send(3);
    await eventually(() => peer.operations.length === 3);
    expect(losses).toBe(0);
    clock += 3000;
    send(4);
    await turn();
    expect(losses).toBe(0);
    clock += 200;
    send(5);
    await eventually(() => losses === 1);
    expect(reasons[0]).toMatch(/nothing came back for 4000 ms/);
    clock += 3000;
    await eventually(() => {
      send(6);
      return peer.operations.includes(6);
    });
  });
});
