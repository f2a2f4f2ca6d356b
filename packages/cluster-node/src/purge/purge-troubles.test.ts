/** What could bring back what is deleted, or keep it for ever, once owners may forget. */
import { setImmediate } from 'node:timers/promises';
import { encodeFrame, decodeFrame, type Message } from '@kv/wire';
import { afterEach, describe, expect, it } from 'vitest';
import type { GetResult } from '../requests.ts';
import { TestCluster, type TestClusterSettings, type TestMember } from '../testing/test-cluster.ts';

const turn = () => setImmediate();
const options = { purgeAfterMs: 20_000, purgeIntervalMs: 2000, repairIntervalMs: 2000, expiredKeptMs: 1000 };
const untilPurged = 40_000;

let cluster: TestCluster;

async function start(members: number, more: Partial<TestClusterSettings> = {}): Promise<void> {
  cluster = await TestCluster.start({ turn, members, ...more, options: { ...options, ...more.options } });
  await cluster.elapse(1000);
}
afterEach(() => cluster.close());

const purged = (): number[] => cluster.members.map(({ node }) => node?.counters.deletionsPurged ?? 0);
const debts = (): unknown[] => cluster.members.flatMap(({ node }) => node?.status().purgeDebt ?? []);
const header = { operationId: 77, epoch: 1, keyspaceId: 1, deadlineMs: 0, stamp: { ms: 1, counter: 0 } };

function contextOf(got: GetResult): Uint8Array {
  if ('context' in got && got.context !== undefined) return got.context;
  throw new Error(`needed a context, got ${got.outcome}`);
}

function shown(got: GetResult): string[] {
  const decoder = new TextDecoder();
  if ('siblings' in got) return got.siblings.map(({ value }) => decoder.decode(value)).sort();
  return [got.outcome === 'found' ? decoder.decode(got.value) : got.outcome];
}

describe('siblings of a key that was written again after its deletion was forgotten', () => {
  async function deleteForGood(): Promise<{
    owners: TestMember[];
    late: Message;
    version: { ms: number; counter: number; actor: string };
  }> {
    await start(3, { defaultKeyspace: { conflict: 'siblings' } });
    const { owners } = cluster.placesOf('key');
    const [first, second] = owners as [TestMember, TestMember];
    const sent: Message[] = [];
    cluster.tap((message) => message.type === 'replica-write' && sent.push(message));
    const version = { ms: cluster.time.wallMs(), counter: 0, actor: '0f'.repeat(16) };
    await cluster.put(first, 'key', 'deleted', { version, w: 3 });
    const [late] = sent;
    const context = contextOf(await cluster.get(second, 'key', { r: 3 }));
    await cluster.delete(second, 'key', { w: 3, context });
    await cluster.elapse(untilPurged);
    expect(purged()).toEqual([1, 1, 1]);
    await cluster.put(second, 'key', 'new', { w: 3 });
    return { owners, late: late!, version };
  }

  it('do not come back by a retry', async () => {
    const { owners, version } = await deleteForGood();
    for (const owner of owners) {
      const retry = await cluster.put(owner, 'key', 'deleted', { version, w: 3 });
      expect(retry).toMatchObject({ outcome: 'unknown', reason: 'write-too-old' });
    }
    for (const owner of owners) expect(shown(await cluster.get(owner, 'key', { r: 3 }))).toEqual(['new']);
  });

  it('nor by a set that arrives late', async () => {
    const { owners, late } = await deleteForGood();
    const [first, , third] = owners as [TestMember, TestMember, TestMember];
    third.node!.receive(first.id, encodeFrame(header, late));
    await cluster.elapse(10_000);
    for (const owner of owners) expect(shown(await cluster.get(owner, 'key', { r: 3 }))).toEqual(['new']);
  });
});

describe('a deletion that the first owner has forgotten and another could not', () => {
  it('of a strong key with a promise that nobody made use of is forgotten later', async () => {
    await start(3, { keyspaces: [{ name: 'strong', replicas: 3, mode: 'strong' }] });
    await cluster.change(cluster.members[0]!, 'key', 'value');
    await cluster.change(cluster.members[1]!, 'key', undefined);
    await cluster.elapse(10_000);
    const node = cluster.members[0]!.node!;
    const keyspace = node.topology.keyspace('strong')!;
    const key = new TextEncoder().encode('key');
    const partition = node.topology.partitionOf(key);
    const owners = node.topology.owners(keyspace, partition);
    const second = cluster.members.find(({ id }) => id === owners[1])!;
    const ballot = { counter: cluster.time.wallMs() * 1024, proposer: 'gone' };
    const prepare = { type: 'prepare', partition, key, ballot } as const;
    second.node!.receive(owners[2]!, encodeFrame({ ...header, keyspaceId: keyspace.id }, prepare));
    await cluster.elapse(120_000);
    expect(purged()).toEqual([1, 1, 1]);
  });

  it('since its clock is behind, and the value has a time to live, is forgotten later', async () => {
    await start(2, { options: { repairIntervalMs: 600_000 } });
    const { owners } = cluster.placesOf('key');
    owners[1]!.clockAheadMs = -4000;
    await cluster.put(owners[0]!, 'key', 'value', { w: 2, ttlMs: 30_000 });
    await cluster.elapse(120_000);
    // The one that is ahead may get it back from the other, and forgets it again.
    expect(purged().every((times) => times >= 1)).toBe(true);
    const got = await cluster.get(owners[0]!, 'key', { r: 2 });
    expect(got).not.toHaveProperty('version');
  });
});

describe('a value with a time to live', () => {
  it('is not forgotten by a member whose clock is ahead', async () => {
    await start(3, { options: { repairIntervalMs: 600_000 } });
    const { owners } = cluster.placesOf('{t}a');
    const [first, , third] = owners as [TestMember, TestMember, TestMember];
    const put = await cluster.put(first, '{t}a', 'value', { w: 3, ttlMs: 3_600_000 });
    await cluster.delete(first, '{t}b', { w: 3 });
    await cluster.elapse(untilPurged);
    expect(purged()).toEqual([1, 1, 1]);
    await cluster.kill(third);
    third.clockAheadMs = 2 * 24 * 3_600_000;
    (await cluster.open(third)).start();
    await cluster.elapse(20_000);
    third.clockAheadMs = 0;
    await cluster.elapse(1000);
    expect(await cluster.get(third, '{t}a', { r: 1 })).toMatchObject({ outcome: 'found', version: put.version });
  });

  it('that one owner has forgotten after its deadline, and another has not, is found by nobody and keeps nobody from reading', async () => {
    await start(3, { options: { repairIntervalMs: 600_000 } });
    const [leader, , deaf] = cluster.placesOf('key').owners as [TestMember, TestMember, TestMember];
    const put = await cluster.put(deaf, 'key', 'value', { w: 3, ttlMs: 5000 });
    // Who leads the round raises its own watermark last, once all others have: two still hold what the third has forgotten.
    deaf.intercept = (frame, from) => {
      if (decodeFrame(frame).message.type !== 'purge-raise') deaf.node?.receive(from, frame);
    };
    const sum = (): number => purged().reduce((a, b) => a + b);
    for (let waited = 0; sum() === 0 && waited < untilPurged; waited += 50) await cluster.elapse(50);
    expect(purged().sort()).toEqual([0, 0, 1]);
    await cluster.kill(deaf);
    const got = await cluster.get(leader, 'key', { r: 2 });
    expect(got).toMatchObject({ outcome: 'absent', version: put.version, receipt: { repairs: { acknowledged: 1 } } });
  });
});

describe('an owner that cannot be compared', () => {
  it('keeps nothing from being read that was acknowledged without it', async () => {
    await start(3, { options: { hintBytesPerOwner: 1 } });
    const { owners } = cluster.placesOf('{t}a');
    const [first, second, third] = owners as [TestMember, TestMember, TestMember];
    cluster.cut(first, third);
    cluster.cut(second, third);
    await cluster.elapse(20_000);
    expect((await cluster.put(first, '{t}a', 'value', { w: 2 })).outcome).toBe('applied');
    const node = third.node!;
    const receive = node.receive.bind(node);
    node.receive = (from: string, bytes: Uint8Array) => {
      if (!decodeFrame(bytes).message.type.startsWith('tree-')) receive(from, bytes);
    };
    cluster.heal();
    await cluster.elapse(10_000);
    await cluster.delete(first, '{t}b', { w: 3 });
    await cluster.elapse(90_000);
    expect(debts()).toMatchObject([{ reason: 'NOT_COMPARED' }]);
    await cluster.kill(second);
    expect(shown(await cluster.get(first, '{t}a', { r: 2 }))).toEqual(['value']);
  });
});

describe('a first owner that is away', () => {
  it('is named by the others', async () => {
    await start(4);
    const { owners } = cluster.placesOf('key');
    await cluster.put(owners[1]!, 'key', 'value', { w: 3 });
    await cluster.kill(owners[0]!);
    await cluster.elapse(20_000);
    await cluster.delete(owners[1]!, 'key', { w: 2 });
    await cluster.elapse(60_000);
    expect(purged()).toEqual([0, 0, 0, 0]);
    expect(debts()).toContainEqual(expect.objectContaining({ member: owners[0]!.id, reason: 'MEMBER_AWAY' }));
    await cluster.restart(owners[0]!);
    await cluster.elapse(120_000);
    expect(purged().reduce((sum, each) => sum + each, 0)).toBe(3);
    expect(debts()).toEqual([]);
  });
});
