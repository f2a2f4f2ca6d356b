/** What a member cannot take now is refused before anything is done for it; what is under way ends, and then there is room. */
import { setImmediate } from 'node:timers/promises';
import { decodeFrame, encodeFrame, type Message } from '@kv/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultOptions } from './options.ts';
import { TestCluster, type TestMember } from './testing/test-cluster.ts';

const textEncoder = new TextEncoder();
const valueBytes = 10_000;

let cluster: TestCluster;
let a: TestMember;
let b: TestMember;
let c: TestMember;
/** Writes that members asked each other for. */
let sent: number;

beforeEach(async () => {
  cluster = await TestCluster.start({
    turn: () => setImmediate(),
    options: { requestBytes: 200_000, requestBytesPerClient: 100_000 },
  });
  [a, b, c] = cluster.members as [TestMember, TestMember, TestMember];
  await cluster.elapse(500);
  sent = 0;
  cluster.tap(({ type }) => void (sent += type === 'replica-write' ? 1 : 0));
});
afterEach(() => cluster.close());

interface Client {
  readonly answers: Message[];
  /** Ends what the answers hold, once they have left. */
  readonly left: (() => void)[];
  send(message: Message): void;
}

/** Over a connection to the member, which keeps its answers until `left` is called. */
function connect({ node }: TestMember): Client {
  const budget = node?.admission.client();
  const answers: Message[] = [];
  const left: (() => void)[] = [];
  const header = { operationId: 1, epoch: 1, keyspaceId: 1, deadlineMs: 0, stamp: { ms: 0, counter: 0 } };
  const send = (message: Message): void => {
    const reply = (frame: Uint8Array, isGone: () => void): void => {
      answers.push(decodeFrame(frame).message);
      left.push(isGone);
    };
    node?.serve(encodeFrame(header, message), reply, budget);
  };
  return { answers, left, send };
}

function put(key: string): Message {
  const value = new Uint8Array(valueBytes);
  const contentType = 'application/octet-stream';
  return { type: 'put', key: textEncoder.encode(key), value, contentType, codec: 0, rawLength: valueBytes, ttlMs: 0 };
}

const get = (key: string): Message => ({ type: 'get', key: textEncoder.encode(key), want: 'value' });
const busy = ({ answers }: Client): Message[] => answers.filter((it) => it.type === 'error' && it.code === 'BUSY');
const applied = ({ answers }: Client): Message[] =>
  answers.filter((it) => it.type === 'write-reply' && it.outcome === 'applied');

describe('a member that is asked for more than it can take', () => {
  it('refuses what has no room, at once and before anything is sent, and does the rest', async () => {
    const client = connect(a);
    for (let n = 0; n < 10; n += 1) client.send(put(`${n}`));
    expect(busy(client)).toHaveLength(8);
    await cluster.elapse(500);
    expect(applied(client)).toHaveLength(2);
    expect(sent).toBe(4);
    expect(a.node?.status().counters).toMatchObject({ busyRefusals: 8, requestsRefused: 8 });
  });

  it('takes more as soon as answers have left, and then holds nothing', async () => {
    const client = connect(a);
    for (let n = 0; n < 2; n += 1) client.send(put(`${n}`));
    expect(a.node?.status().requestBytes).toBeGreaterThan(8 * valueBytes);
    await cluster.elapse(500);
    for (const isGone of client.left) isGone();
    expect(a.node?.status().requestBytes).toBe(0);
    client.send(put('again'));
    await cluster.elapse(500);
    expect(applied(client)).toHaveLength(3);
  });

  it('leaves room to other clients', async () => {
    const [greedy, modest] = [connect(a), connect(a)];
    for (let n = 0; n < 10; n += 1) greedy.send(put(`${n}`));
    modest.send(put('modest'));
    await cluster.elapse(500);
    expect(applied(modest)).toHaveLength(1);
  });

  it('counts what reads brought until it has left: a client that does not take it in is refused', async () => {
    await cluster.put(a, 'key', 'x'.repeat(30_000));
    const client = connect(a);
    for (let n = 0; n < 4; n += 1) {
      client.send(get('key'));
      await cluster.elapse(500);
    }
    expect(client.answers.map(({ type }) => type)).toEqual(['get-reply', 'get-reply', 'get-reply', 'error']);
    expect(busy(client)).toHaveLength(1);
    for (const isGone of client.left) isGone();
    expect(a.node?.status().requestBytes).toBe(0);
  });
});

describe('a member to which much waits to be sent', () => {
  const beyond = defaultOptions.peerQueueBytes + 1;

  it('is not sent a write that the others can take', async () => {
    a.queuedBytes.set(c.id, beyond);
    const result = await cluster.put(a, 'key', 'value');
    expect(result.outcome).toBe('applied');
    expect(result.receipt.replicas).toContainEqual(expect.objectContaining({ replica: c.id, reason: 'BUSY' }));
    expect(sent).toBe(1);
  });

  it('makes a write BUSY that needs it, before anything is sent', async () => {
    a.queuedBytes.set(b.id, beyond);
    a.queuedBytes.set(c.id, beyond);
    await expect(cluster.put(a, 'key', 'value')).rejects.toMatchObject({ code: 'BUSY' });
    await expect(cluster.delete(a, 'key')).rejects.toMatchObject({ code: 'BUSY' });
    expect(sent).toBe(0);
    expect(a.node?.status().counters.busyRefusals).toBe(2);
    a.queuedBytes.delete(b.id);
    expect((await cluster.put(a, 'key', 'value')).outcome).toBe('applied');
  });

  it('leaves it to the write to find that too few owners are up', async () => {
    await cluster.kill(b);
    await cluster.kill(c);
    const result = await cluster.put(a, 'key', 'value');
    expect(result.outcome).not.toBe('applied');
  });

  it('is not sent values that it asked for: the read finds them at another', async () => {
    await cluster.put(a, 'key', 'value', { w: 3 });
    c.queuedBytes.set(a.id, beyond);
    expect((await cluster.get(a, 'key', { r: 2 })).outcome).toBe('found');
    const { receipt } = await cluster.get(a, 'key', { r: 3 });
    expect(receipt.replicas).toContainEqual(expect.objectContaining({ replica: c.id, reason: 'BUSY' }));
  });
});
