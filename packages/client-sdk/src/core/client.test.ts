import {
  compareVersions,
  formatVersion,
  type Receipt as CoordinatorReceipt,
  parseVersion,
  type Version,
} from '@kv/quorum';
import { encodeRecordMeta, type WriteReply } from '@kv/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Behaviour, FakeCluster, type FakeNode } from '../testing/fake-cluster.ts';
import { connectWith, type KvClient } from './client.ts';
import { KvError } from './errors.ts';
import type { Keyspace } from './keyspace.ts';

let cluster: FakeCluster;
let kv: KvClient;
let values: Keyspace;

beforeEach(async () => {
  cluster = new FakeCluster();
  kv = await cluster.time.until(connectWith(cluster.ports, 'kv://127.0.0.1:7400'));
  values = kv.keyspace();
});

/** Settles a call in virtual time. */
const settle = <T>(call: Promise<T>): Promise<T> => cluster.time.until(call);

async function failure(call: Promise<unknown>): Promise<KvError> {
  try {
    await settle(call);
  } catch (error) {
    if (error instanceof KvError) return error;
    throw error;
  }
  throw new Error('the call did not fail');
}

const everywhere = (behaviour: Behaviour): void => cluster.nodes.forEach((node) => (node.behaviour = behaviour));

/** The outcomes of writes that are more at once than any node is sent, all of which fail. */
async function burst(timeoutMs: number): Promise<unknown[]> {
  const large = new Uint8Array(2 * 1024 * 1024);
  const calls = Array.from({ length: 20 }, (_, n) => values.set(`${n}`, large, { timeoutMs }));
  return (await Promise.allSettled(calls)).map(
    (call) => call.status === 'rejected' && (call.reason as KvError).outcome,
  );
}

/** Of every put that arrived anywhere, in the order of the nodes. */
const versions = (): (Version | undefined)[] =>
  cluster.nodes.flatMap((node) => node.got('put').map(({ version }) => version));

function writeReply(
  outcome: 'applied' | 'superseded' | 'rejected' | 'unknown',
  more: Partial<WriteReply> = {},
): Behaviour {
  return (message) => {
    const version = 'version' in message && message.version !== undefined ? message.version : aVersion;
    const receipt: CoordinatorReceipt = cluster.receipt(2, outcome === 'applied' ? 2 : 1);
    return { type: 'write-reply', outcome, version, certain: true, receipt, ...more };
  };
}

const aVersion: Version = { ms: 1, counter: 0, actor: 'a'.repeat(32) };
const refuse =
  (code: string): Behaviour =>
  () => ({ type: 'error', code, message: `because of ${code}` });

function found(contentType: string, value: Uint8Array, version: Version = aVersion): Behaviour {
  const meta = encodeRecordMeta({ kind: 'value', version, codec: 0, rawLength: value.length, contentType });
  return () => ({ type: 'get-reply', found: 'found', meta, value, receipt: cluster.receipt(2, 2) });
}

describe('connect', () => {
  it('learns the members from one of them', () => {
    expect(kv.cluster.members.map(({ name, address }) => `${name} ${address}`)).toEqual([
      'node-1 127.0.0.1:7400',
      'node-2 127.0.0.1:7401',
      'node-3 127.0.0.1:7402',
    ]);
    expect(kv.cluster).toMatchObject({ epoch: 1, keyspaces: [{ name: 'default', replicas: 3 }] });
  });

  it('takes the first address that answers', async () => {
    cluster.stop(cluster.node(0));
    const other = await settle(
      connectWith(cluster.ports, { nodes: ['127.0.0.1:9', '127.0.0.1:7400', '127.0.0.1:7402'] }),
    );
    expect(other.cluster.members).toHaveLength(3);
  });

  it('names every address that it tried, and asks whether the cluster runs', async () => {
    for (const node of cluster.nodes) cluster.stop(node);
    const error = await failure(connectWith(cluster.ports, 'kv://127.0.0.1:7400,127.0.0.1:7401'));
    expect(error.code).toBe('UNREACHABLE');
    expect(error.message).toBe(
      'no node answered at 127.0.0.1:7400 (connection refused), 127.0.0.1:7401 (connection refused): ' +
        'is it running? npm start',
    );
  });

  it('gives up on a node that never says hello', async () => {
    cluster.node(0).isDumb = true;
    const error = await failure(connectWith(cluster.ports, 'kv://127.0.0.1:7400'));
    expect(error.message).toContain('127.0.0.1:7400 (no hello in 2000 ms)');
  });

  it('leaves no timer behind', async () => {
    await settle(values.set('a', 1));
    await kv.close();
    await cluster.time.pass(10);
    expect(cluster.time.pending).toBe(0);
  });
});

describe('a write', () => {
  it('says its time to live with every try, that of its keyspace if it names none', async () => {
    await settle(values.set('a', 'x'));
    await settle(values.set('a', 'x', { ttlMs: 5000 }));
    cluster.keyspace = { ttlMs: 9000 };
    const other = await settle(connectWith(cluster.ports, 'kv://127.0.0.1:7400'));
    await settle(other.keyspace().set('a', 'x'));
    await settle(other.keyspace().set('a', 'x', { ttlMs: 0 }));
    const said = cluster.nodes.flatMap((node) => node.got('put').map(({ ttlMs }) => ttlMs));
    expect(said).toEqual([0, 5000, 9000, 0]);
    for (const ttlMs of [-1, 0.5, 2 ** 48, Number.NaN]) {
      expect(await failure(values.set('a', 'x', { ttlMs }))).toMatchObject({ code: 'INVALID_TTL', retryable: false });
    }
  });

  it('is rejected where it is refused before anything is sent', async () => {
    const refused = [
      [() => values.set('a', 'x', { w: 4 }), 'INVALID_QUORUM'],
      [() => values.set('a', 'x', { level: 'foo' as 'one' }), 'INVALID_QUORUM'],
      [() => values.set('a', 'x', { context: 'AAAA' }), 'NOT_SUPPORTED'],
      [() => values.set('', 'x'), 'KEY_EMPTY'],
      [() => values.set('a', undefined), 'INVALID_VALUE'],
      [() => values.delete('a', { ifAbsent: true } as object), 'NOT_SUPPORTED'],
      [() => values.update('a', () => 'x'), 'NOT_SUPPORTED'],
    ] as const;
    for (const [call, code] of refused) expect(await failure(call())).toMatchObject({ code, outcome: 'rejected' });
    expect(cluster.nodes.flatMap((node) => node.got('put'))).toEqual([]);
    expect((await failure(values.get('a', { r: 4 }))).outcome).toBeUndefined();
  });

  it('carries a version that the client stamped, and tells it as text', async () => {
    const result = await settle(values.set('a', 'x'));
    const [version] = versions();
    expect(result.outcome).toBe('applied');
    expect(parseVersion(result.version)).toEqual(version);
    expect(version?.ms).toBeLessThanOrEqual(cluster.time.clock.wallMs());
  });

  it('is stamped after every write before it', async () => {
    const results = [];
    for (let number = 0; number < 20; number += 1) results.push(await settle(values.set('a', number)));
    const stamped = results.map(({ version }) => version);
    expect([...stamped].sort()).toEqual(stamped);
    expect(new Set(stamped).size).toBe(20);
  });

  it('goes straight to one node, with the default W of its keyspace or the one asked for', async () => {
    await settle(values.set('a', 'x'));
    await settle(values.set('a', 'x', { w: 3 }));
    await settle(values.set('a', 'x', { level: 'one' }));
    expect(cluster.nodes.flatMap((node) => node.got('put').map(({ w }) => w)).sort()).toEqual([1, 2, 3]);
  });

  it('says whether it may be sloppy where it was told so, and else leaves it to its keyspace', async () => {
    await settle(values.set('a', 'x', { sloppy: false }));
    await settle(values.set('a', 'x'));
    await settle(values.delete('a', { sloppy: true }));
    await settle(values.get('a', { sloppy: true }));
    const asked = (type: 'put' | 'delete' | 'get') => cluster.nodes.flatMap((node) => node.got(type));
    expect(asked('put').map(({ sloppy }) => sloppy)).toHaveLength(2);
    expect(new Set(asked('put').map(({ sloppy }) => sloppy))).toEqual(new Set([false, undefined]));
    expect([...asked('delete'), ...asked('get')].map(({ sloppy }) => sloppy)).toEqual([true, true]);
  });

  it('with a level and a number is refused, and with a level that no keyspace has', async () => {
    expect((await failure(values.set('a', 1, { w: 2, level: 'quorum' }))).code).toBe('INVALID_QUORUM');
    expect((await failure(values.get('a', { r: 2, level: 'quorum' }))).code).toBe('INVALID_QUORUM');
    expect(versions()).toEqual([]);
  });

  it.each([0, 4, 1.5, Number.NaN])('with w = %s is refused before anything is sent', async (w) => {
    expect((await failure(values.set('a', 1, { w }))).code).toBe('INVALID_QUORUM');
    expect((await failure(values.get('a', { r: w }))).code).toBe('INVALID_QUORUM');
    expect(versions()).toEqual([]);
  });

  it('goes to another node with the same version when the link breaks', async () => {
    breakFirst(1);
    const result = await settle(values.set('a', 'x'));
    expect(result.outcome).toBe('applied');
    expect(versions()).toHaveLength(2);
    expect(new Set(versions().map((version) => JSON.stringify(version))).size).toBe(1);
  });

  it('goes to another node with the same version when one refuses', async () => {
    cluster.node(0).behaviour = refuse('NOT_READY');
    cluster.node(1).behaviour = refuse('NOT_READY');
    const result = await settle(values.set('a', 'x'));
    expect(result.outcome).toBe('applied');
    expect(new Set(versions().map((version) => JSON.stringify(version))).size).toBe(1);
  });

  it.each([0, -1, Number.NaN, Infinity, 3e9])('refuses a timeout of %d, and sends nothing', async (timeoutMs) => {
    expect(await failure(values.set('a', 'x', { timeoutMs }))).toMatchObject({
      ...{ code: 'INVALID_TIMEOUT', outcome: 'rejected', retryable: false },
    });
    expect(await failure(values.get('a', { timeoutMs }))).toMatchObject({
      code: 'INVALID_TIMEOUT',
      outcome: undefined,
    });
    expect(versions()).toEqual([]);
  });

  it('waits before it goes to another node when one is busy, and ends as BUSY where all are until the end', async () => {
    cluster.node(0).behaviour = refuse('BUSY');
    cluster.node(1).behaviour = refuse('BUSY');
    cluster.node(2).behaviour = refuse('BUSY');
    const startedAt = cluster.time.now;
    const error = await failure(values.set('a', 'x', { timeoutMs: 60_000 }));
    expect(error).toMatchObject({ code: 'BUSY', outcome: 'rejected', retryable: true });
    expect(versions()).toHaveLength(12);
    expect(cluster.time.now - startedAt).toBeGreaterThan(2000);
    expect(await failure(values.set('a', 'x', { timeoutMs: 500 }))).toMatchObject({
      code: 'BUSY',
      outcome: 'rejected',
    });
    cluster.node(2).behaviour = writeReply('applied');
    expect((await settle(values.set('a', 'x'))).outcome).toBe('applied');
    cluster.node(2).behaviour = refuse('BUSY');
    expect(await failure(values.get('a', { timeoutMs: 500 }))).toMatchObject({ code: 'BUSY', outcome: undefined });
  });

  it('that waits for its turn for half of its time ends as BUSY, and never leaves', async () => {
    everywhere(() => 'silence');
    const others = burst(100);
    await cluster.time.pass(10);
    const startedAt = cluster.time.now;
    const error = await failure(values.set('a', 'x', { timeoutMs: 40 }));
    expect(cluster.time.now - startedAt).toBe(20);
    expect(error).toMatchObject({ code: 'BUSY', outcome: 'rejected', retryable: true });
    expect(new Set(await settle(others))).toEqual(new Set(['unknown', 'rejected']));
    const keys = cluster.nodes.flatMap((node) => node.got('put').map(({ key }) => new TextDecoder().decode(key)));
    expect(keys).not.toContain('a');
  });

  it('is not begun again in the second half of its time where a node is busy', async () => {
    everywhere(refuse('BUSY'));
    const startedAt = cluster.time.now;
    const error = await failure(values.set('a', 'x', { timeoutMs: 4000 }));
    expect(error).toMatchObject({ code: 'BUSY', outcome: 'rejected' });
    expect(cluster.time.now - startedAt).toBeGreaterThanOrEqual(2000);
    expect(cluster.time.now - startedAt).toBeLessThan(2600);
  });

  it('reaches a node that never answered what filled its window, over a new link', async () => {
    everywhere(() => 'silence');
    await settle(burst(1000));
    everywhere(writeReply('applied'));
    const dialed = cluster.dials.length;
    await cluster.time.pass(11_000);
    expect((await settle(values.set('a', 'x'))).outcome).toBe('applied');
    expect(cluster.dials.length).toBeGreaterThan(dialed);
  });

  it('asks the next node when one is silent, and takes the answer of whichever is first', async () => {
    everywhere((message, node) => (firstAsked(node) ? 'silence' : writeReply('applied')(message, node)));
    const startedAt = cluster.time.now;
    await settle(values.set('a', 'x', { timeoutMs: 4000 }));
    expect(cluster.time.now - startedAt).toBeGreaterThanOrEqual(1000);
    expect(cluster.time.now - startedAt).toBeLessThan(1100);
  });

  it('does not ask a second node while the first one answers others: it is busy, not silent', async () => {
    const empty = found('text/plain', new Uint8Array(0));
    everywhere((message, node) => (message.type === 'get' ? empty(message, node) : 'silence'));
    for (let ms = 0; ms < 4000; ms += 200) cluster.time.set(ms, () => void values.get('a'));
    expect((await failure(values.set('a', 'x', { timeoutMs: 4000 }))).code).toBe('WRITE_UNKNOWN');
    expect(versions()).toHaveLength(1);
  });

  it('does not wait again for a node that was silent, until that node says something', async () => {
    everywhere((message, node) =>
      node === asked[0] || firstAsked(node) ? 'silence' : writeReply('applied')(message, node),
    );
    await settle(values.set('a', 1));
    const startedAt = cluster.time.now;
    for (let number = 0; number < 20; number += 1) await settle(values.set('a', number));
    expect(cluster.time.now - startedAt).toBeLessThan(500);
  });

  it('tells what won over it', async () => {
    everywhere(writeReply('superseded', { winner: aVersion, certain: false }));
    const result = await settle(values.set('a', 'x'));
    expect(result).toMatchObject({ outcome: 'superseded', certain: false });
    expect(result.winner).toBe(`0000000000010000-${'a'.repeat(32)}`);
  });

  it('is unknown when no answer came in time', async () => {
    everywhere(() => 'silence');
    const startedAt = cluster.time.now;
    const error = await failure(values.set('a', 'x', { timeoutMs: 800 }));
    expect(cluster.time.now - startedAt).toBeCloseTo(800, -1);
    expect(error).toMatchObject({ code: 'WRITE_UNKNOWN', outcome: 'unknown', retryable: true });
    expect(error.message).toMatch(/^the write may have happened: no answer within 800 ms/);
  });

  it('is unknown when one node may have done it, whatever the others say', async () => {
    everywhere((message, node) => (firstAsked(node) ? 'break' : writeReply('rejected')(message, node)));
    const error = await failure(values.set('a', 'x'));
    expect(error).toMatchObject({ code: 'WRITE_UNKNOWN', outcome: 'unknown' });
    expect(error.receipt).toMatchObject({ needed: 2, got: 1 });
  });

  it('is rejected when every node said that nothing was stored', async () => {
    everywhere(writeReply('rejected', { reason: 'too-few-replicas' }));
    const error = await failure(values.set('a', 'x'));
    expect(error).toMatchObject({ code: 'TOO_FEW_REPLICAS', outcome: 'rejected', retryable: true });
    expect(error.receipt?.replicas.map(({ name }) => name)).toEqual(['node-1', 'node-2', 'node-3']);
    expect(versions().length).toBeGreaterThan(3);
    expect(versions().length).toBeLessThanOrEqual(12);
  });

  it('is rejected when no node could be reached at all', async () => {
    for (const node of cluster.nodes) cluster.stop(node);
    await cluster.time.pass(10);
    const error = await failure(values.set('a', 'x'));
    expect(error).toMatchObject({ code: 'UNREACHABLE', outcome: 'rejected', retryable: true });
  });

  it.each(['VALUE_TOO_LARGE', 'NOT_SUPPORTED', 'INVALID_CONTENT_TYPE'] as const)(
    'is not tried elsewhere after %s',
    async (code) => {
      everywhere(refuse(code));
      const error = await failure(values.set('a', 'x'));
      expect(error).toMatchObject({ code, outcome: 'rejected', retryable: false, message: `because of ${code}` });
      expect(versions()).toHaveLength(1);
    },
  );

  it('is stamped by the clocks of the nodes once they refused the clock of this machine', async () => {
    const nodesMs = cluster.time.wallAheadMs;
    cluster.stampOf = () => ({ ms: Math.trunc(nodesMs + cluster.time.now), counter: 0 });
    cluster.time.wallAheadMs += 60_000;
    everywhere((message, node) => {
      const stamped = message.type === 'put' ? (message.version?.ms ?? 0) : 0;
      const answer = stamped > nodesMs + cluster.time.now + 500 ? refuse('STAMP_TOO_FAR_AHEAD') : writeReply('applied');
      return answer(message, node);
    });
    expect((await settle(values.set('a', 1))).outcome).toBe('applied');
    expect((await settle(values.set('a', 2))).outcome).toBe('applied');
    expect(versions()).toHaveLength(3);
  });

  it('comes after whatever its client has read, even if the node that told it has a clock behind that', async () => {
    const future: Version = { ms: cluster.time.wallAheadMs + 3_600_000, counter: 7, actor: 'f'.repeat(32) };
    everywhere(found('text/plain', new Uint8Array(0), future));
    await settle(values.get('a'));
    everywhere(writeReply('applied'));
    await settle(values.set('a', 1));
    expect(compareVersions(versions()[0] ?? aVersion, future)).toBeGreaterThan(0);
    const winner = { ...future, ms: future.ms + 1000 };
    everywhere(writeReply('superseded', { winner }));
    await settle(values.set('b', 1));
    everywhere(writeReply('applied'));
    expect((await settle(values.set('b', 2))).version > formatVersion(winner)).toBe(true);
  });

  it('keeps its version when one node may have taken it before another found it ahead', async () => {
    everywhere((message, node) => (firstAsked(node) ? 'break' : refuse('STAMP_TOO_FAR_AHEAD')(message, node)));
    expect(await failure(values.set('a', 1))).toMatchObject({ code: 'WRITE_UNKNOWN' });
    expect(new Set(versions().map((version) => JSON.stringify(version))).size).toBe(1);
  });

  it('survives a code that this version does not know', async () => {
    everywhere(refuse('SOMETHING_NEW'));
    expect(await failure(values.set('a', 'x'))).toMatchObject({ code: 'REFUSED', outcome: 'rejected' });
  });

  it('of a delete is stamped and retried like any other', async () => {
    breakFirst(1);
    expect((await settle(values.delete('a'))).outcome).toBe('applied');
    const stamps = cluster.nodes.flatMap((node) => node.got('delete').map(({ version }) => JSON.stringify(version)));
    expect(stamps).toHaveLength(2);
    expect(new Set(stamps).size).toBe(1);
  });
});

describe('a read', () => {
  it('is undefined where there is nothing, and an entry says what a tombstone remembers', async () => {
    expect(await settle(values.get('a'))).toBeUndefined();
    const meta = encodeRecordMeta({ kind: 'tombstone', version: aVersion });
    everywhere(() => ({ type: 'get-reply', found: 'absent', meta, receipt: cluster.receipt(2, 2) }));
    expect(await settle(values.getEntry('a'))).toMatchObject({
      found: false,
      key: 'a',
      version: `0000000000010000-${'a'.repeat(32)}`,
    });
  });

  it('gives the value with its version, its content type and the receipt', async () => {
    everywhere(found('application/json', new TextEncoder().encode('{"a":[1]}')));
    expect(await settle(values.getEntry('a'))).toMatchObject({
      found: true,
      value: { a: [1] },
      contentType: 'application/json',
      version: `0000000000010000-${'a'.repeat(32)}`,
      receipt: { needed: 2, got: 2 },
    });
  });

  it('goes to another node when one breaks, refuses or cannot', async () => {
    cluster.node(0).behaviour = () => 'break';
    cluster.node(1).behaviour = () => ({ type: 'read-failed', outcome: 'unavailable', receipt: cluster.receipt(2, 1) });
    cluster.node(2).behaviour = found('text/plain', new TextEncoder().encode('x'));
    expect(await settle(values.get('a'))).toBe('x');
  });

  it.each([
    ['unavailable', 'TOO_FEW_REPLICAS'],
    ['repair-incomplete', 'REPAIR_INCOMPLETE'],
    ['timed-out', 'TIMEOUT'],
  ] as const)('that ends everywhere in %s fails with %s', async (outcome, code) => {
    everywhere(() => ({ type: 'read-failed', outcome, receipt: cluster.receipt(2, 1) }));
    const error = await failure(values.get('a'));
    expect(error).toMatchObject({ code, outcome: undefined, retryable: true, receipt: { needed: 2, got: 1 } });
    expect(error.message).toMatch(/needed 2 .* got 1/);
  });

  it('times out', async () => {
    everywhere(() => 'silence');
    expect(await failure(values.get('a', { timeoutMs: 300 }))).toMatchObject({ code: 'TIMEOUT', outcome: undefined });
  });

  it('keeps the bytes of what it cannot decode', async () => {
    const bytes = new TextEncoder().encode('{');
    everywhere(found('application/json', bytes));
    const error = await failure(values.get('a'));
    expect(error).toMatchObject({ code: 'UNDECODABLE_VALUE', retryable: false });
    expect(error.raw).toEqual(bytes);
  });
});

describe('a call', () => {
  it('names what is wrong with its keyspace or its key', async () => {
    const unknown = await failure(kv.keyspace('nowhere').get('a'));
    expect(unknown).toMatchObject({
      code: 'UNKNOWN_KEYSPACE',
      message: 'there is no keyspace "nowhere"; there is default',
    });
    expect((await failure(values.get(''))).code).toBe('KEY_EMPTY');
    expect((await failure(values.set('x'.repeat(4097), 1))).code).toBe('KEY_TOO_LONG');
    expect((await failure(values.delete('\ud800'))).code).toBe('KEY_INVALID');
  });

  it('ends when its signal says so, and says what is known', async () => {
    everywhere(() => 'silence');
    const abort = new AbortController();
    const write = failure(values.set('a', 1, { signal: abort.signal }));
    cluster.time.set(10, () => abort.abort(new Error('enough')));
    expect(await write).toMatchObject({ code: 'ABORTED', outcome: 'unknown', cause: new Error('enough') });
    const early = await failure(values.set('a', 1, { signal: abort.signal }));
    expect(early).toMatchObject({ code: 'ABORTED', outcome: 'rejected' });
  });

  it('fails when the client is closed, before or meanwhile', async () => {
    everywhere(() => 'silence');
    const read = failure(values.get('a'));
    const write = failure(values.set('a', 1));
    cluster.time.set(10, () => void kv.close());
    expect((await read).code).toBe('CLOSED');
    expect(await write).toMatchObject({ code: 'WRITE_UNKNOWN', outcome: 'unknown' });
    expect((await failure(values.get('a'))).code).toBe('CLOSED');
  });

  it('is disposed of with its scope', async () => {
    {
      await using other = await settle(connectWith(cluster.ports, 'kv://127.0.0.1:7401'));
      expect(await settle(other.keyspace().get('a'))).toBeUndefined();
    }
    await cluster.time.pass(1);
  });
});

describe('a cluster that changes', () => {
  /** A link to every node, made by asking each key of many. */
  async function useEveryNode(): Promise<void> {
    for (let number = 0; number < 10; number += 1) await settle(values.set(`k${number}`, number));
  }

  it('is asked again who it is after a node was lost, and calls follow the node to its new address', async () => {
    await useEveryNode();
    const [moving] = cluster.nodes;
    if (moving === undefined) throw new Error('there are nodes');
    cluster.stop(moving);
    moving.address = '127.0.0.1:7999';
    moving.isUp = true;
    moving.received.length = 0;
    await cluster.time.pass(2000);
    await useEveryNode();
    await useEveryNode();
    expect(cluster.dials).toContain('127.0.0.1:7999');
    expect(moving.got('put').length).toBeGreaterThan(0);
  });

  it('is asked again when a frame shows a newer epoch, once', async () => {
    cluster.epoch = 2;
    await Promise.all([settle(values.set('a', 1)), settle(values.set('b', 1))]);
    await cluster.time.pass(10);
    expect(kv.cluster.epoch).toBe(2);
    const requests = cluster.nodes.flatMap((node) => node.got('topology-request'));
    expect(requests).toHaveLength(2);
  });

  it('a node of another cluster at a known address is not talked to', async () => {
    const imposter = cluster.node(0);
    imposter.clusterId = '22222222-2222-4222-8222-222222222222';
    cluster.stop(imposter);
    imposter.isUp = true;
    imposter.received.length = 0;
    for (let number = 0; number < 10; number += 1) await settle(values.set(`k${number}`, number));
    expect(imposter.received).toEqual([]);
  });
});

let asked: FakeNode[] = [];
beforeEach(() => {
  asked = [];
});

/** True for the node that got the first request of the test. */
function firstAsked(node: FakeNode): boolean {
  asked.push(node);
  return asked[0] === node;
}

function breakFirst(count: number): void {
  let broken = 0;
  everywhere((message, node) => ((broken += 1) <= count ? 'break' : writeReply('applied')(message, node)));
}
