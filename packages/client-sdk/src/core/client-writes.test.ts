import { compareVersions, formatVersion, parseVersion, type Version } from '@kv/quorum';
import { beforeEach, describe, expect, it } from 'vitest';
import { aVersion, found, putVersions, refuse, writeReply } from '../testing/fake-answers.ts';
import { FakeCluster } from '../testing/fake-cluster.ts';
import type { Keyspace } from './keyspace.ts';

let cluster: FakeCluster;
let values: Keyspace;

beforeEach(async () => {
  cluster = new FakeCluster();
  const kv = await cluster.connect();
  values = kv.keyspace();
});

describe('a write', () => {
  it('says its time to live with every try, that of its keyspace if it names none', async () => {
    await cluster.settle(values.set('a', 'x'));
    await cluster.settle(values.set('a', 'x', { ttlMs: 5000 }));
    cluster.keyspace = { ttlMs: 9000 };
    const other = await cluster.connect();
    await cluster.settle(other.keyspace().set('a', 'x'));
    await cluster.settle(other.keyspace().set('a', 'x', { ttlMs: 0 }));
    const said = cluster.nodes.flatMap((node) => node.got('put').map(({ ttlMs }) => ttlMs));
    expect(said).toEqual([0, 5000, 9000, 0]);
    for (const ttlMs of [-1, 0.5, 2 ** 48, Number.NaN]) {
      expect(await cluster.failure(values.set('a', 'x', { ttlMs }))).toMatchObject({
        code: 'INVALID_TTL',
        retryable: false,
      });
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
    for (const [call, code] of refused)
      expect(await cluster.failure(call())).toMatchObject({ code, outcome: 'rejected' });
    expect(cluster.nodes.flatMap((node) => node.got('put'))).toEqual([]);
    expect((await cluster.failure(values.get('a', { r: 4 }))).outcome).toBeUndefined();
  });

  it('carries a version that the client stamped, and tells it as text', async () => {
    const result = await cluster.settle(values.set('a', 'x'));
    const [version] = putVersions(cluster);
    expect(result.outcome).toBe('applied');
    expect(parseVersion(result.version)).toEqual(version);
    expect(version?.ms).toBeLessThanOrEqual(cluster.time.clock.wallMs());
  });

  it('is stamped after every write before it', async () => {
    const results = [];
    for (let number = 0; number < 20; number += 1) results.push(await cluster.settle(values.set('a', number)));
    const stamped = results.map(({ version }) => version);
    expect([...stamped].sort()).toEqual(stamped);
    expect(new Set(stamped).size).toBe(20);
  });

  it('goes straight to one node, with the default W of its keyspace or the one asked for', async () => {
    await cluster.settle(values.set('a', 'x'));
    await cluster.settle(values.set('a', 'x', { w: 3 }));
    await cluster.settle(values.set('a', 'x', { level: 'one' }));
    expect(cluster.nodes.flatMap((node) => node.got('put').map(({ w }) => w)).sort()).toEqual([1, 2, 3]);
  });

  it('says whether it may be sloppy where it was told so, and else leaves it to its keyspace', async () => {
    await cluster.settle(values.set('a', 'x', { sloppy: false }));
    await cluster.settle(values.set('a', 'x'));
    await cluster.settle(values.delete('a', { sloppy: true }));
    await cluster.settle(values.get('a', { sloppy: true }));
    const asked = (type: 'put' | 'delete' | 'get') => cluster.nodes.flatMap((node) => node.got(type));
    expect(asked('put').map(({ sloppy }) => sloppy)).toHaveLength(2);
    expect(new Set(asked('put').map(({ sloppy }) => sloppy))).toEqual(new Set([false, undefined]));
    expect([...asked('delete'), ...asked('get')].map(({ sloppy }) => sloppy)).toEqual([true, true]);
  });

  it('with a level and a number is refused, and with a level that no keyspace has', async () => {
    expect((await cluster.failure(values.set('a', 1, { w: 2, level: 'quorum' }))).code).toBe('INVALID_QUORUM');
    expect((await cluster.failure(values.get('a', { r: 2, level: 'quorum' }))).code).toBe('INVALID_QUORUM');
    expect(putVersions(cluster)).toEqual([]);
  });

  it.each([0, 4, 1.5, Number.NaN])('with w = %s is refused before anything is sent', async (w) => {
    expect((await cluster.failure(values.set('a', 1, { w }))).code).toBe('INVALID_QUORUM');
    expect((await cluster.failure(values.get('a', { r: w }))).code).toBe('INVALID_QUORUM');
    expect(putVersions(cluster)).toEqual([]);
  });

  it.each([0, -1, Number.NaN, Infinity, 3e9])('refuses a timeout of %d, and sends nothing', async (timeoutMs) => {
    expect(await cluster.failure(values.set('a', 'x', { timeoutMs }))).toMatchObject({
      ...{ code: 'INVALID_TIMEOUT', outcome: 'rejected', retryable: false },
    });
    expect(await cluster.failure(values.get('a', { timeoutMs }))).toMatchObject({
      code: 'INVALID_TIMEOUT',
      outcome: undefined,
    });
    expect(putVersions(cluster)).toEqual([]);
  });

  it('tells what won over it', async () => {
    cluster.everywhere(writeReply(cluster, 'superseded', { winner: aVersion, certain: false }));
    const result = await cluster.settle(values.set('a', 'x'));
    expect(result).toMatchObject({ outcome: 'superseded', certain: false });
    expect(result.winner).toBe(`0000000000010000-${'a'.repeat(32)}`);
  });

  it('is unknown when no answer came in time', async () => {
    cluster.everywhere(() => 'silence');
    const startedAt = cluster.time.now;
    const error = await cluster.failure(values.set('a', 'x', { timeoutMs: 800 }));
    expect(cluster.time.now - startedAt).toBeCloseTo(800, -1);
    expect(error).toMatchObject({ code: 'WRITE_UNKNOWN', outcome: 'unknown', retryable: true });
    expect(error.message).toMatch(/^the write may have happened: no answer within 800 ms/);
  });

  it('is stamped by the clocks of the nodes once they refused the clock of this machine', async () => {
    const nodesMs = cluster.time.wallAheadMs;
    cluster.stampOf = () => ({ ms: Math.trunc(nodesMs + cluster.time.now), counter: 0 });
    cluster.time.wallAheadMs += 60_000;
    cluster.everywhere((message, node) => {
      const stamped = message.type === 'put' ? (message.version?.ms ?? 0) : 0;
      const answer =
        stamped > nodesMs + cluster.time.now + 500 ? refuse('STAMP_TOO_FAR_AHEAD') : writeReply(cluster, 'applied');
      return answer(message, node);
    });
    expect((await cluster.settle(values.set('a', 1))).outcome).toBe('applied');
    expect((await cluster.settle(values.set('a', 2))).outcome).toBe('applied');
    expect(putVersions(cluster)).toHaveLength(3);
  });

  it('comes after whatever its client has read, even if the node that told it has a clock behind that', async () => {
    const future: Version = { ms: cluster.time.wallAheadMs + 3_600_000, counter: 7, actor: 'f'.repeat(32) };
    cluster.everywhere(found(cluster, 'text/plain', new Uint8Array(0), future));
    await cluster.settle(values.get('a'));
    cluster.everywhere(writeReply(cluster, 'applied'));
    await cluster.settle(values.set('a', 1));
    expect(compareVersions(putVersions(cluster)[0] ?? aVersion, future)).toBeGreaterThan(0);
    const winner = { ...future, ms: future.ms + 1000 };
    cluster.everywhere(writeReply(cluster, 'superseded', { winner }));
    await cluster.settle(values.set('b', 1));
    cluster.everywhere(writeReply(cluster, 'applied'));
    expect((await cluster.settle(values.set('b', 2))).version > formatVersion(winner)).toBe(true);
  });

  it('survives a code that this version does not know', async () => {
    cluster.everywhere(refuse('SOMETHING_NEW'));
    expect(await cluster.failure(values.set('a', 'x'))).toMatchObject({ code: 'REFUSED', outcome: 'rejected' });
  });
});
