import { beforeEach, describe, expect, it } from 'vitest';
import { found, putVersions, refuse, writeReply } from '../testing/fake-answers.ts';
import { FakeCluster, type FakeNode } from '../testing/fake-cluster.ts';
import type { KvError } from './errors.ts';
import type { Keyspace } from './keyspace.ts';

let cluster: FakeCluster;
let values: Keyspace;

beforeEach(async () => {
  cluster = new FakeCluster();
  const kv = await cluster.connect();
  values = kv.keyspace();
});

/** The outcomes of writes that are more at once than any node is sent, all of which fail. */
async function burst(timeoutMs: number): Promise<unknown[]> {
  const large = new Uint8Array(2 * 1024 * 1024);
  const calls = Array.from({ length: 20 }, (_, n) => values.set(`${n}`, large, { timeoutMs }));
  return (await Promise.allSettled(calls)).map(
    (call) => call.status === 'rejected' && (call.reason as KvError).outcome,
  );
}

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
  cluster.everywhere((message, node) =>
    (broken += 1) <= count ? 'break' : writeReply(cluster, 'applied')(message, node),
  );
}

describe('a write that is tried again', () => {
  it('goes to another node with the same version when the link breaks', async () => {
    breakFirst(1);
    const result = await cluster.settle(values.set('a', 'x'));
    expect(result.outcome).toBe('applied');
    expect(putVersions(cluster)).toHaveLength(2);
    expect(new Set(putVersions(cluster).map((version) => JSON.stringify(version))).size).toBe(1);
  });

  it('goes to another node with the same version when one refuses', async () => {
    cluster.node(0).behaviour = refuse('NOT_READY');
    cluster.node(1).behaviour = refuse('NOT_READY');
    const result = await cluster.settle(values.set('a', 'x'));
    expect(result.outcome).toBe('applied');
    expect(new Set(putVersions(cluster).map((version) => JSON.stringify(version))).size).toBe(1);
  });

  it('waits before it goes to another node when one is busy, and ends as BUSY where all are until the end', async () => {
    cluster.node(0).behaviour = refuse('BUSY');
    cluster.node(1).behaviour = refuse('BUSY');
    cluster.node(2).behaviour = refuse('BUSY');
    const startedAt = cluster.time.now;
    const error = await cluster.failure(values.set('a', 'x', { timeoutMs: 60_000 }));
    expect(error).toMatchObject({ code: 'BUSY', outcome: 'rejected', retryable: true });
    expect(putVersions(cluster)).toHaveLength(12);
    expect(cluster.time.now - startedAt).toBeGreaterThan(2000);
    expect(await cluster.failure(values.set('a', 'x', { timeoutMs: 500 }))).toMatchObject({
      code: 'BUSY',
      outcome: 'rejected',
    });
    cluster.node(2).behaviour = writeReply(cluster, 'applied');
    expect((await cluster.settle(values.set('a', 'x'))).outcome).toBe('applied');
    cluster.node(2).behaviour = refuse('BUSY');
    expect(await cluster.failure(values.get('a', { timeoutMs: 500 }))).toMatchObject({
      code: 'BUSY',
      outcome: undefined,
    });
  });

  it('that waits for its turn for half of its time ends as BUSY, and never leaves', async () => {
    cluster.everywhere(() => 'silence');
    const others = burst(100);
    await cluster.time.pass(10);
    const startedAt = cluster.time.now;
    const error = await cluster.failure(values.set('a', 'x', { timeoutMs: 40 }));
    expect(cluster.time.now - startedAt).toBe(20);
    expect(error).toMatchObject({ code: 'BUSY', outcome: 'rejected', retryable: true });
    expect(new Set(await cluster.settle(others))).toEqual(new Set(['unknown', 'rejected']));
    const keys = cluster.nodes.flatMap((node) => node.got('put').map(({ key }) => new TextDecoder().decode(key)));
    expect(keys).not.toContain('a');
  });

  it('is not begun again in the second half of its time where a node is busy', async () => {
    cluster.everywhere(refuse('BUSY'));
    const startedAt = cluster.time.now;
    const error = await cluster.failure(values.set('a', 'x', { timeoutMs: 4000 }));
    expect(error).toMatchObject({ code: 'BUSY', outcome: 'rejected' });
    expect(cluster.time.now - startedAt).toBeGreaterThanOrEqual(2000);
    expect(cluster.time.now - startedAt).toBeLessThan(2600);
  });

  it('reaches a node that never answered what filled its window, over a new link', async () => {
    cluster.everywhere(() => 'silence');
    await cluster.settle(burst(1000));
    cluster.everywhere(writeReply(cluster, 'applied'));
    const dialed = cluster.dials.length;
    await cluster.time.pass(11_000);
    expect((await cluster.settle(values.set('a', 'x'))).outcome).toBe('applied');
    expect(cluster.dials.length).toBeGreaterThan(dialed);
  });

  it('asks the next node when one is silent, and takes the answer of whichever is first', async () => {
    cluster.everywhere((message, node) =>
      firstAsked(node) ? 'silence' : writeReply(cluster, 'applied')(message, node),
    );
    const startedAt = cluster.time.now;
    await cluster.settle(values.set('a', 'x', { timeoutMs: 4000 }));
    expect(cluster.time.now - startedAt).toBeGreaterThanOrEqual(1000);
    expect(cluster.time.now - startedAt).toBeLessThan(1100);
  });

  it('does not ask a second node while the first one answers others: it is busy, not silent', async () => {
    const empty = found(cluster, 'text/plain', new Uint8Array(0));
    cluster.everywhere((message, node) => (message.type === 'get' ? empty(message, node) : 'silence'));
    for (let ms = 0; ms < 4000; ms += 200) cluster.time.set(ms, () => void values.get('a'));
    expect((await cluster.failure(values.set('a', 'x', { timeoutMs: 4000 }))).code).toBe('WRITE_UNKNOWN');
    expect(putVersions(cluster)).toHaveLength(1);
  });

  it('does not wait again for a node that was silent, until that node says something', async () => {
    cluster.everywhere((message, node) =>
      node === asked[0] || firstAsked(node) ? 'silence' : writeReply(cluster, 'applied')(message, node),
    );
    await cluster.settle(values.set('a', 1));
    const startedAt = cluster.time.now;
    for (let number = 0; number < 20; number += 1) await cluster.settle(values.set('a', number));
    expect(cluster.time.now - startedAt).toBeLessThan(500);
  });

  it('is unknown when one node may have done it, whatever the others say', async () => {
    cluster.everywhere((message, node) =>
      firstAsked(node) ? 'break' : writeReply(cluster, 'rejected')(message, node),
    );
    const error = await cluster.failure(values.set('a', 'x'));
    expect(error).toMatchObject({ code: 'WRITE_UNKNOWN', outcome: 'unknown' });
    expect(error.receipt).toMatchObject({ needed: 2, got: 1 });
  });

  it('is rejected when every node said that nothing was stored', async () => {
    cluster.everywhere(writeReply(cluster, 'rejected', { reason: 'too-few-replicas' }));
    const error = await cluster.failure(values.set('a', 'x'));
    expect(error).toMatchObject({ code: 'TOO_FEW_REPLICAS', outcome: 'rejected', retryable: true });
    expect(error.receipt?.replicas.map(({ name }) => name)).toEqual(['node-1', 'node-2', 'node-3']);
    expect(putVersions(cluster).length).toBeGreaterThan(3);
    expect(putVersions(cluster).length).toBeLessThanOrEqual(12);
  });

  it('is rejected when no node could be reached at all', async () => {
    for (const node of cluster.nodes) cluster.stop(node);
    await cluster.time.pass(10);
    const error = await cluster.failure(values.set('a', 'x'));
    expect(error).toMatchObject({ code: 'UNREACHABLE', outcome: 'rejected', retryable: true });
  });

  it.each(['VALUE_TOO_LARGE', 'NOT_SUPPORTED', 'INVALID_CONTENT_TYPE'] as const)(
    'is not tried elsewhere after %s',
    async (code) => {
      cluster.everywhere(refuse(code));
      const error = await cluster.failure(values.set('a', 'x'));
      expect(error).toMatchObject({ code, outcome: 'rejected', retryable: false, message: `because of ${code}` });
      expect(putVersions(cluster)).toHaveLength(1);
    },
  );

  it('keeps its version when one node may have taken it before another found it ahead', async () => {
    cluster.everywhere((message, node) => (firstAsked(node) ? 'break' : refuse('STAMP_TOO_FAR_AHEAD')(message, node)));
    expect(await cluster.failure(values.set('a', 1))).toMatchObject({ code: 'WRITE_UNKNOWN' });
    expect(new Set(putVersions(cluster).map((version) => JSON.stringify(version))).size).toBe(1);
  });

  it('of a delete is stamped and retried like any other', async () => {
    breakFirst(1);
    expect((await cluster.settle(values.delete('a'))).outcome).toBe('applied');
    const stamps = cluster.nodes.flatMap((node) => node.got('delete').map(({ version }) => JSON.stringify(version)));
    expect(stamps).toHaveLength(2);
    expect(new Set(stamps).size).toBe(1);
  });
});
