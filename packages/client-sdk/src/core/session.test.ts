import { noRepairs } from '@kv/quorum';
import { decodeFrame, encodeFrame, type Frame, type Message } from '@kv/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { clusterId } from '../testing/fake-cluster.ts';
import { VirtualTime } from '../testing/virtual-time.ts';
import type { LinkHandlers } from './ports.ts';
import { Session } from './session.ts';

const mebibyte = 1024 * 1024;
const header = { epoch: 1, keyspaceId: 1, deadlineMs: 0, stamp: { ms: 0, counter: 0 } };
const hello = {
  type: 'hello',
  lowestProtocol: 1,
  highestProtocol: 1,
  features: 0,
  codecs: [],
  clusterId,
  nodeId: '00000000-0000-4000-8000-000000000001',
  role: 'node',
  generation: 1,
  authentication: new Uint8Array(0),
} as const;

let time: VirtualTime;
let node: LinkHandlers;
/** Frames that left, but for the hello. */
let sent: Frame[];
/** What became of the requests, in the order in which they were told. */
let told: string[];
let session: Session;
let isClosed: boolean;

beforeEach(() => {
  time = new VirtualTime();
  sent = [];
  told = [];
  isClosed = false;
  const send = (bytes: Uint8Array): void => {
    const frame = decodeFrame(bytes);
    if (frame.message.type !== 'hello') sent.push(frame);
  };
  const open = (_address: string, handlers: LinkHandlers): { send: typeof send; close: () => void } => {
    node = handlers;
    return { send, close: () => undefined };
  };
  const random = { next: () => 0, bytes: (count: number) => new Uint8Array(count) };
  session = new Session({ clock: time.clock, timers: time, random, transport: { open } }, 'node:1', {
    hello: () => ({ ...hello, role: 'client' }),
    checkHello: () => undefined,
    heard: () => undefined,
    closed: () => void (isClosed = true),
  });
});

function greet(): void {
  node.opened();
  node.received(encodeFrame({ ...header, operationId: 0 }, hello));
}

function put(bytes: number): Message & { readonly type: 'put' } {
  const key = new Uint8Array(1);
  const value = new Uint8Array(bytes);
  return { type: 'put', key, value, contentType: '', codec: 0, rawLength: bytes, ttlMs: 0 };
}

/** Returns what forgets it. */
function ask(
  name: string,
  bytes: number,
  answered: () => void = () => undefined,
  { ttlMs = 0, deadlineMs = 0 }: { readonly ttlMs?: number; readonly deadlineMs?: number } = {},
): () => void {
  return session.ask(() => ({ ...put(bytes), ttlMs }), {
    header: () => ({ ...header, deadlineMs }),
    answered: () => {
      told.push(name);
      answered();
    },
    lost: (reason) => void told.push(`${name}: ${reason}`),
    unsendable: () => void told.push(`${name}: unsendable`),
  });
}

const receipt = { mode: 'strict', epoch: 1, needed: 1, got: 1, replicas: [], repairs: noRepairs } as const;

/** To the request that left as the `index`th. */
function answer(index: number): void {
  const operationId = sent[index]?.header.operationId ?? 0;
  node.received(encodeFrame({ ...header, operationId }, { type: 'get-reply', found: 'absent', receipt }));
}

describe('a session', () => {
  it('sends what it was asked before the hello in its order, and hands out answers in any', () => {
    for (const name of ['a', 'b', 'c']) ask(name, 10);
    expect(sent).toEqual([]);
    greet();
    expect(sent.map((frame) => frame.header.operationId)).toEqual([1, 2, 3]);
    answer(2);
    answer(0);
    expect(told).toEqual(['c', 'a']);
  });

  it('sends so much that is unanswered, 7 MiB, and the rest in its order as answers come', () => {
    greet();
    for (let n = 0; n < 20; n += 1) ask(`${n}`, mebibyte);
    expect(sent).toHaveLength(7);
    answer(3);
    expect(sent).toHaveLength(8);
    answer(0);
    answer(1);
    expect(sent.map((frame) => frame.header.operationId)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('tells whose request cannot be written, and goes on with the others', () => {
    ask('a', 10);
    ask('b', 10, undefined, { ttlMs: -1 });
    ask('c', 10);
    greet();
    ask('d', 10, undefined, { ttlMs: 0.5 });
    expect(told).toEqual(['b: unsendable', 'd: unsendable']);
    expect(sent.map((frame) => frame.header.operationId)).toEqual([1, 3]);
    expect(isClosed).toBe(false);
  });

  it('sends one that fits only in part, and then nothing until there is room again', () => {
    greet();
    for (let n = 0; n < 6; n += 1) ask(`${n}`, mebibyte);
    ask('large', 3 * mebibyte);
    ask('next', 10);
    answer(0);
    expect(sent).toHaveLength(7);
    answer(6);
    expect(sent).toHaveLength(8);
  });

  it('lets thousands of small ones pass', () => {
    greet();
    for (let n = 0; n < 10_000; n += 1) ask(`${n}`, 100);
    expect(sent).toHaveLength(10_000);
  });

  it('sends what waits before what is asked on an answer', () => {
    greet();
    for (let n = 0; n < 7; n += 1) ask(`${n}`, mebibyte, () => void ask('later', 10));
    ask('waited', 20);
    answer(0);
    expect(sent.slice(7).map(({ message }) => message.type === 'put' && message.value.length)).toEqual([20, 10]);
  });

  it('never sends what was forgotten while it waited, nor asks for its header', () => {
    greet();
    for (let n = 0; n < 7; n += 1) ask(`${n}`, mebibyte);
    const forget = ask('forgotten', 30);
    ask('kept', 40);
    forget();
    answer(0);
    expect(sent.slice(7).map(({ message }) => message.type === 'put' && message.value.length)).toEqual([40]);
  });

  it('sends of what waited what it is when it leaves', () => {
    greet();
    for (let n = 0; n < 7; n += 1) ask(`${n}`, mebibyte);
    let bytes = 20;
    session.ask(() => put(bytes), {
      ...{ header: () => header, answered: () => undefined },
      ...{ lost: () => undefined, unsendable: () => undefined },
    });
    bytes = 30;
    answer(0);
    expect(sent.slice(7).map(({ message }) => message.type === 'put' && message.value.length)).toEqual([30]);
  });

  it('counts what was forgotten after it was sent until it is answered', () => {
    greet();
    const forget = Array.from({ length: 7 }, (_, n) => ask(`${n}`, mebibyte));
    ask('waits', 10);
    forget[0]?.();
    expect(sent).toHaveLength(7);
    answer(0);
    expect(sent).toHaveLength(8);
    expect(told).toEqual([]);
  });

  it('tells every request that is not forgotten when the link is lost, sent or not', () => {
    greet();
    const forget = ask('forgotten', mebibyte);
    for (let n = 1; n < 7; n += 1) ask(`${n}`, mebibyte);
    ask('unsent', 10);
    forget();
    node.closed('reset');
    expect(told).toEqual([...[1, 2, 3, 4, 5, 6].map((n) => `${n}: reset`), 'unsent: reset']);
    expect(isClosed).toBe(true);
  });

  it('is stuck once its window is full and an answer is overdue for which nobody waits', async () => {
    greet();
    ask('forgotten', mebibyte)();
    await time.pass(60_000);
    expect(session.isStuck).toBe(false);
    for (let n = 1; n < 7; n += 1) ask(`${n}`, mebibyte);
    expect(session.isStuck).toBe(true);
    answer(0);
    expect(session.isStuck).toBe(false);
  });

  it('is not stuck while an answer may still come, or while somebody waits for each', async () => {
    greet();
    const forget = Array.from({ length: 7 }, (_, n) => ask(`${n}`, mebibyte));
    await time.pass(60_000);
    expect(session.isStuck).toBe(false);
    forget[0]?.();
    await time.pass(10_000);
    expect(session.isStuck).toBe(false);
    await time.pass(1);
    expect(session.isStuck).toBe(true);
  });

  it('is not stuck before the deadline that the node was told, however early nobody waits any more', async () => {
    greet();
    const forget = Array.from({ length: 7 }, (_, n) => ask(`${n}`, mebibyte, undefined, { deadlineMs: 60_000 }));
    await time.pass(1000);
    for (const it of forget) it();
    await time.pass(68_999);
    expect(session.isStuck).toBe(false);
    await time.pass(2);
    expect(session.isStuck).toBe(true);
    answer(0);
    expect(session.isStuck).toBe(false);
  });

  it('is stuck by the answer that is due first, whichever was asked for or forgotten first', async () => {
    greet();
    const forget = [60_000, 5000, 30_000].map((deadlineMs) =>
      ask('forgotten', 2 * mebibyte, undefined, { deadlineMs }),
    );
    for (const it of forget) it();
    ask('waited for', 2 * mebibyte);
    await time.pass(15_001);
    expect(session.isStuck).toBe(true);
    answer(1);
    ask('waited for', 2 * mebibyte);
    expect(session.isStuck).toBe(false);
    await time.pass(25_000);
    expect(session.isStuck).toBe(true);
  });
});
