import { setImmediate } from 'node:timers/promises';
import { encodeFrame, type Message } from '@kv/wire';
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

/** Deletions that members forgot, one for each owner of a key. */
function purged(): number {
  return cluster.members.reduce((sum, { node }) => sum + (node?.counters.deletionsPurged ?? 0), 0);
}

/** What each member alone answers. */
async function foundBy(members: readonly TestMember[], key: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const member of members) {
    const got = await cluster.get(member, key, { r: 1 });
    found.push(got.outcome === 'found' ? new TextDecoder().decode(got.value) : got.outcome);
  }
  return found;
}

function contextOf(got: GetResult): Uint8Array {
  if ('context' in got && got.context !== undefined) return got.context;
  throw new Error(`needed a context, got ${got.outcome}`);
}

function debts(): unknown[] {
  return cluster.members.map(({ node }) => node?.status().purgeDebt).filter((debt) => debt !== undefined);
}

describe('a deletion', () => {
  it('is forgotten by every owner once it is old enough, and the key can be written again', async () => {
    await start(3);
    await cluster.put(cluster.members[0]!, 'key', 'value');
    await cluster.delete(cluster.members[1]!, 'key');
    await cluster.elapse(15_000);
    expect(purged()).toBe(0);
    await cluster.elapse(untilPurged);
    expect(purged()).toBe(3);
    const got = await cluster.get(cluster.members[2]!, 'key', { r: 3 });
    expect(got.outcome).toBe('absent');
    expect(got).not.toHaveProperty('version');
    await cluster.put(cluster.members[0]!, 'key', 'again', { w: 3 });
    expect(await foundBy(cluster.members, 'key')).toEqual(['again', 'again', 'again']);
    expect(debts()).toEqual([]);
  });

  it('is kept while a member is away, however long, which is named; and goes when it is back', async () => {
    await start(4);
    const { owners, others } = cluster.placesOf('key');
    const away = others[0]!;
    await cluster.put(owners[0]!, 'key', 'value', { w: 3 });
    await cluster.kill(away);
    await cluster.delete(owners[0]!, 'key', { w: 3 });
    await cluster.elapse(untilPurged);
    expect(purged()).toBe(0);
    expect(debts()).toMatchObject([{ member: away.id, reason: 'MEMBER_AWAY' }]);
    await cluster.restart(away);
    await cluster.elapse(90_000);
    expect(purged()).toBe(3);
    expect(debts()).toEqual([]);
  });

  it('is not forgotten while a hint from before it is kept by a member that was cut off: what the hint holds stays deleted (T12)', async () => {
    await start(4);
    const { owners, others } = cluster.placesOf('key');
    const [first, second, third] = owners as [TestMember, TestMember, TestMember];
    const keeper = others[0]!;
    await cluster.kill(third);
    await cluster.elapse(30_000);
    await cluster.put(first, 'key', 'value', { w: 3 });
    expect(keeper.node!.status().hints).toMatchObject([{ owner: third.id, count: 1 }]);
    for (const other of cluster.members) if (other !== keeper) cluster.cut(keeper, other);
    await cluster.open(third).then((node) => node.start());
    for (const other of [first, second]) cluster.join(third, other);
    await cluster.elapse(10_000);
    await cluster.delete(second, 'key', { w: 3 });
    await cluster.elapse(untilPurged);
    expect(purged()).toBe(0);
    cluster.heal();
    await cluster.elapse(120_000);
    expect(keeper.node!.status().hints.every(({ count }) => count === 0)).toBe(true);
    expect(await foundBy(owners, 'key')).toEqual(['absent', 'absent', 'absent']);
    expect(purged()).toBe(3);
  });

  it('that was forgotten does not let a write back in that was unknown before it: its retry is unknown, across restarts too', async () => {
    await start(3);
    const [first, second, third] = cluster.members as [TestMember, TestMember, TestMember];
    const version = { ms: cluster.time.wallMs(), counter: 0, actor: '0f'.repeat(16) };
    // Durable where it was asked for, and nowhere else: one acknowledgement of two.
    for (const other of [second, third]) cluster.cut(first, other);
    const put = await cluster.put(first, 'key', 'value', { version });
    expect(put).toMatchObject({ outcome: 'unknown', receipt: { needed: 2, got: 1 } });
    expect(await foundBy(cluster.members, 'key')).toEqual(['value', 'absent', 'absent']);
    expect((await cluster.delete(second, 'key')).outcome).toBe('applied');
    await cluster.elapse(untilPurged);
    expect(purged(), 'the owner that has the value has not heard of its deletion').toBe(0);
    cluster.heal();
    await cluster.elapse(120_000);
    expect(purged()).toBe(3);
    await cluster.kill(third);
    await cluster.restart(third);
    await cluster.elapse(10_000);
    for (const member of cluster.members) {
      const retry = await cluster.put(member, 'key', 'value', { version });
      expect(retry).toMatchObject({ outcome: 'unknown', reason: 'write-too-old' });
      const reasons = retry.receipt.replicas.flatMap(({ role, reason }) => (role === 'primary' ? [reason] : []));
      expect(new Set(reasons)).toEqual(new Set(['BELOW_WATERMARK']));
    }
    await cluster.elapse(untilPurged);
    expect(await foundBy(cluster.members, 'key')).toEqual(['absent', 'absent', 'absent']);
    const got = await cluster.get(second, 'key', { r: 3 });
    expect(got.outcome).toBe('absent');
    expect(got, 'not even a tombstone').not.toHaveProperty('version');
  });

  it.each([
    // Of two nobody can say whose clock is wrong; of three the one that is goes by the others'.
    [2, [{ reason: 'STAMP_TOO_YOUNG' }]],
    [3, []],
  ])('stays where the only clock of %i that calls it old is one that is far ahead', async (members, owed) => {
    await start(members);
    const { owners } = cluster.placesOf('key');
    await cluster.put(owners[1]!, 'key', 'value', { w: members });
    await cluster.delete(owners[1]!, 'key', { w: members });
    owners[0]!.clockAheadMs = 365 * 86_400_000;
    await cluster.elapse(10_000);
    expect(purged()).toBe(0);
    expect(debts()).toMatchObject(owed);
    expect((await cluster.put(owners[1]!, 'other', 'value')).outcome).toBe('applied');
  });

  it('comes to nothing where a value with a time to live lay over one without, on some of the owners only', async () => {
    await start(3);
    const { owners } = cluster.placesOf('key');
    const [first, second, third] = owners as [TestMember, TestMember, TestMember];
    await cluster.put(first, 'key', 'for ever', { w: 3 });
    cluster.cut(first, third);
    cluster.cut(second, third);
    await cluster.put(first, 'key', 'for a while', { w: 2, ttlMs: 5000 });
    await cluster.elapse(30_000);
    cluster.heal();
    await cluster.elapse(90_000);
    expect(await foundBy(owners, 'key')).toEqual(['absent', 'absent', 'absent']);
    expect(purged()).toBe(3);
  });

  it('of siblings is forgotten too, with all that was known of their writes', async () => {
    await start(3, { defaultKeyspace: { conflict: 'siblings' } });
    const [first, second] = cluster.members as [TestMember, TestMember];
    await cluster.put(first, 'key', 'one');
    const context = contextOf(await cluster.get(second, 'key', { r: 3 }));
    await cluster.delete(second, 'key', { w: 3, context });
    await cluster.elapse(untilPurged);
    expect(purged()).toBe(3);
    expect(await foundBy(cluster.members, 'key')).toEqual(['absent', 'absent', 'absent']);
    // Whoever passes the context of what was there back replaces nothing that came since.
    await cluster.put(first, 'key', 'two', { w: 3 });
    await cluster.put(second, 'key', 'three', { w: 3, context });
    const got = await cluster.get(first, 'key', { r: 3 });
    expect('siblings' in got ? got.siblings : []).toHaveLength(2);
  });
});

describe('a request to seal', () => {
  it('is refused where it makes no sense, and changes nothing', async () => {
    await start(4);
    const { owners, others } = cluster.placesOf('key');
    const [owner] = owners as [TestMember];
    const [other] = others as [TestMember];
    const partition = owner.node!.topology.partitionOf(new TextEncoder().encode('key'));
    const old = { ms: cluster.time.wallMs() - 60_000, counter: 0 };
    const young = { ms: cluster.time.wallMs() - 1000, counter: 0 };
    const seal = { type: 'purge-seal', partition, upTo: old } as const;
    const bad: [TestMember, Message, { epoch?: number; keyspaceId?: number }][] = [
      [other, seal, {}],
      [owner, { ...seal, partition: 64 }, {}],
      [owner, seal, { epoch: 0 }],
      [owner, seal, { keyspaceId: 9 }],
      [owner, { ...seal, upTo: young }, {}],
      [owner, { ...seal, type: 'purge-raise', upTo: young }, {}],
    ];
    const replies: string[] = [];
    cluster.tap((message) => 'code' in message && replies.push(message.code));
    for (const [to, message, more] of bad) {
      const from = to === owner ? other : owner;
      const header = { operationId: 7, epoch: 1, keyspaceId: 1, deadlineMs: 0, stamp: { ms: 1, counter: 0 }, ...more };
      to.node!.receive(from.id, encodeFrame(header, message));
      await cluster.settle();
    }
    expect(replies).toEqual([
      'NOT_AN_OWNER',
      'UNKNOWN_KEYSPACE',
      'EPOCH_TOO_OLD',
      'UNKNOWN_KEYSPACE',
      'STAMP_TOO_YOUNG',
      'STAMP_TOO_YOUNG',
    ]);
    const version = { ...old, actor: '0f'.repeat(16) };
    expect(await cluster.put(owner, 'key', 'value', { version, w: 3 })).toMatchObject({ outcome: 'applied' });
  });
});

describe('a deletion in a strong keyspace', () => {
  const strong = { keyspaces: [{ name: 'strong', replicas: 3, mode: 'strong' }] } as const;

  it('is forgotten, a proposal from before it is outbid, and a retry from before it is unknown', async () => {
    await start(3, strong);
    const [first, second] = cluster.members as [TestMember, TestMember];
    const operation = { ms: cluster.time.wallMs(), counter: 0, actor: '0f'.repeat(16) };
    expect(await cluster.change(first, 'key', 'value', { operation })).toMatchObject({ outcome: 'applied' });
    // What a proposer sends late, that was stopped between its two rounds.
    const accepts: Message[] = [];
    cluster.tap((message) => message.type === 'accept' && accepts.push(message));
    await cluster.change(first, 'key', 'late');
    await cluster.change(second, 'key', undefined);
    await cluster.elapse(untilPurged);
    expect(purged()).toBe(3);
    expect(await cluster.get(first, 'key', { keyspace: 'strong' })).toMatchObject({ outcome: 'absent' });
    expect(accepts.length).toBeGreaterThan(0);
    const keyspaceId = cluster.members[0]!.node!.topology.keyspace('strong')!.id;
    for (const { node } of cluster.members) {
      const stamp = { ms: 1, counter: 0 };
      const header = { operationId: 77, epoch: 1, keyspaceId, deadlineMs: 0, stamp };
      node!.receive(first.id, encodeFrame(header, accepts[0]!));
    }
    await cluster.elapse(5000);
    for (const member of cluster.members) {
      expect(await cluster.get(member, 'key', { keyspace: 'strong' })).toMatchObject({ outcome: 'absent' });
    }
    expect(await cluster.change(second, 'key', 'value', { operation })).toMatchObject({ outcome: 'unknown' });
    expect(await cluster.change(second, 'key', 'new', { condition: { type: 'absent' } })).toMatchObject({
      outcome: 'applied',
    });
    expect(await cluster.get(first, 'key', { keyspace: 'strong' })).toMatchObject({ outcome: 'found' });
  });
});
