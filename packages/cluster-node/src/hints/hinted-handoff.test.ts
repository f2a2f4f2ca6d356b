import { setImmediate } from 'node:timers/promises';
import { StorageError } from '@kv/lsm-storage/core';
import type { Receipt } from '@kv/quorum';
import { encodeFrame, type Message } from '@kv/wire';
import { afterEach, describe, expect, it } from 'vitest';
import { TestCluster, type TestClusterSettings, type TestMember } from '../testing/test-cluster.ts';

const turn = () => setImmediate();
/** Repair would bring what hints are to bring; it has no turn unless a range is marked. */
const options = { repairIntervalMs: 100 * 3_600_000 };

let cluster: TestCluster;

async function start(members: number, more: Partial<TestClusterSettings> = {}): Promise<void> {
  cluster = await TestCluster.start({ turn, members, ...more, options: { ...options, ...more.options } });
  await cluster.elapse(1000);
}
afterEach(() => cluster.close());

async function killFor(member: TestMember, ms: number): Promise<void> {
  await cluster.kill(member);
  await cluster.elapse(ms);
}

/** Long enough for the others to be sure. */
const untilDown = 40_000;

function hintsFor(owner: TestMember, at: readonly TestMember[] = cluster.members): number {
  const all = at.flatMap(({ node }) => node?.status().hints ?? []);
  return all.filter((hints) => hints.owner === owner.id).reduce((sum, { count }) => sum + count, 0);
}

function rows({ replicas }: Receipt): string[] {
  const nameOf = (id: string): string => `node-${Number(id.slice(-4))}`;
  return replicas.map(({ replica, role, hintFor, answer }) =>
    [nameOf(replica), role, ...(hintFor === undefined ? [] : [`for ${nameOf(hintFor)}`]), answer].join(' '),
  );
}

function named(member: TestMember): string {
  return `node-${cluster.members.indexOf(member) + 1}`;
}

/** What a member itself holds: a read that asks only it, as its receipt says. */
async function ownVersion(member: TestMember, key: string): Promise<unknown> {
  const got = await cluster.get(member, key, { r: 1 });
  const asked = rows(got.receipt).filter((row) => !row.endsWith('down'));
  expect(asked.map((row) => row.split(' ')[0])).toEqual([named(member)]);
  return 'version' in got ? got.version : undefined;
}

describe('in a cluster of five, one of a key’s three owners killed', () => {
  it('sloppy writes at W=2 and W=3 succeed and name the fallback with the hint; a strict one at W=3 is refused (T4)', async () => {
    await start(5);
    const { owners, others } = cluster.placesOf('key');
    const [a, b, c] = owners as [TestMember, TestMember, TestMember];
    await killFor(c, untilDown);
    const hintRow = `${named(others[0]!)} fallback for ${named(c)}`;
    const two = await cluster.put(a, 'key', 'two', { w: 2 });
    expect(two).toMatchObject({ outcome: 'applied', receipt: { needed: 2, got: 2 } });
    expect(rows(two.receipt).some((row) => row.startsWith(hintRow))).toBe(true);
    const three = await cluster.put(b, 'key', 'three', { w: 3 });
    expect(three).toMatchObject({ outcome: 'applied', receipt: { mode: 'sloppy', needed: 3, got: 3 } });
    expect(rows(three.receipt)).toEqual([
      ...[a, b, c].map((owner) => `${named(owner)} primary ${owner === c ? 'down' : 'applied'}`),
      `${hintRow} applied`,
    ]);
    const strict = await cluster.put(a, 'key', 'strict', { w: 3, sloppy: false });
    expect(strict).toMatchObject({ outcome: 'rejected', reason: 'too-few-replicas', receipt: { needed: 3, got: 2 } });
    expect(hintsFor(c, [others[0]!])).toBe(1);
    expect(await cluster.put(a, 'key', 'two', { w: 2, sloppy: false })).toMatchObject({
      outcome: 'applied',
      receipt: { mode: 'strict' },
    });
    expect(hintsFor(c, [a]), 'of a strict write the coordinator keeps the hint').toBe(1);
  });

  it('it holds every hinted write and deletion within 30 s of its return, newer ones too, and no hint is left', async () => {
    await start(5);
    const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`).filter((key) =>
      cluster.placesOf(key).owners.includes(cluster.members[2]!),
    );
    const away = cluster.members[2]!;
    const written = new Map<string, unknown>();
    for (const key of keys) await cluster.put(cluster.members[0]!, key, 'before');
    await cluster.kill(away);
    for (const [i, key] of keys.entries()) {
      const at = cluster.members[i % 2]!;
      await cluster.put(at, key, 'during', { w: i % 2 === 0 ? 2 : 3 });
      const last = i % 3 === 0 ? await cluster.delete(at, key) : await cluster.put(at, key, 'after');
      expect(last.outcome).toBe('applied');
      written.set(key, last.version);
    }
    await cluster.elapse(5000);
    expect(hintsFor(away)).toBeGreaterThanOrEqual(keys.length);
    await cluster.restart(away);
    await cluster.elapse(30_000);
    for (const key of keys) expect(await ownVersion(away, key)).toEqual(written.get(key));
    expect(hintsFor(away)).toBe(0);
    const replayed = cluster.members.reduce((sum, { node }) => sum + (node?.counters.hintsReplayed ?? 0), 0);
    expect(replayed).toBeGreaterThanOrEqual(keys.length);
    expect(cluster.members.every(({ node }) => node!.counters.hintsDropped === 0)).toBe(true);
  });

  it('an owner that hangs is late: a sloppy write counts a fallback in its place, a strict one keeps the hint', async () => {
    await start(5);
    const { owners, others } = cluster.placesOf('key');
    const [a, , c] = owners as [TestMember, TestMember, TestMember];
    c.intercept = () => undefined;
    const began = cluster.time.monotonicMs();
    const put = await cluster.put(a, 'key', 'value', { w: 3 });
    expect(put).toMatchObject({ outcome: 'applied', receipt: { mode: 'sloppy', got: 3 } });
    expect(cluster.time.monotonicMs() - began).toBeLessThan(1000);
    expect(rows(put.receipt).at(-1)).toBe(`${named(others[0]!)} fallback for ${named(c)} applied`);
    const strict = await cluster.put(a, 'key', 'value', { w: 3, sloppy: false, timeoutMs: 300 });
    expect(strict).toMatchObject({ outcome: 'unknown', reason: 'deadline', receipt: { needed: 3, got: 2 } });
    const quick = await cluster.put(a, 'key', 'next', { w: 2, sloppy: false });
    expect(quick).toMatchObject({ outcome: 'applied', receipt: { mode: 'strict' } });
    await cluster.elapse(1000);
    expect(hintsFor(c, [a])).toBeGreaterThanOrEqual(1);
    c.intercept = undefined;
    await cluster.elapse(20_000);
    expect(await ownVersion(c, 'key')).toEqual(quick.version);
    expect(hintsFor(c)).toBe(0);
  });

  it('a request that ends before an owner is late has its hint kept by the deadline', async () => {
    await start(5);
    const [a, , c] = cluster.placesOf('key').owners as [TestMember, TestMember, TestMember];
    c.intercept = () => undefined;
    const put = await cluster.put(a, 'key', 'value', { w: 2, timeoutMs: 200 });
    expect(put.outcome).toBe('applied');
    expect(hintsFor(c)).toBe(0);
    await cluster.elapse(300);
    expect(hintsFor(c, [a])).toBe(1);
  });
});

describe('with two of a key’s three owners killed, in a cluster of five', () => {
  it('writes and reads go on with fallbacks, and say so; strict ones are refused', async () => {
    await start(5);
    const { owners, others } = cluster.placesOf('key');
    const [a, b, c] = owners as [TestMember, TestMember, TestMember];
    await cluster.put(a, 'key', 'before', { w: 3 });
    await cluster.kill(b);
    await killFor(c, untilDown);
    const put = await cluster.put(others[0]!, 'key', 'value', { w: 3 });
    expect(put).toMatchObject({ outcome: 'applied', receipt: { mode: 'sloppy', got: 3 } });
    await cluster.kill(a);
    await cluster.elapse(untilDown);
    const got = await cluster.get(others[1]!, 'key');
    expect(got).toMatchObject({
      outcome: 'found',
      version: put.version,
      receipt: { mode: 'sloppy', got: 2, repairs: { needed: 2, held: 0 } },
    });
    const strict = await cluster.get(others[1]!, 'key', { sloppy: false });
    expect(strict).toMatchObject({ outcome: 'unavailable', receipt: { mode: 'strict', needed: 2, got: 0 } });
    const blind = await cluster.put(others[0]!, 'key', 'nobody', { w: 2 });
    expect(blind).toMatchObject({ outcome: 'applied', receipt: { mode: 'sloppy' } });
    expect((await cluster.put(others[0]!, 'key', 'too many', { w: 3 })).outcome).toBe('rejected');
    for (const owner of owners) await cluster.restart(owner);
    await cluster.elapse(30_000);
    for (const owner of owners) expect(await ownVersion(owner, 'key')).toEqual(blind.version);
    for (const owner of owners) expect(hintsFor(owner)).toBe(0);
  });

  it('a sloppy read gets the newest though only a fallback keeps it, and repairs who is behind', async () => {
    await start(5);
    const { owners, others } = cluster.placesOf('key');
    const [a, b, c] = owners as [TestMember, TestMember, TestMember];
    await cluster.kill(b);
    await killFor(c, untilDown);
    cluster.cut(others[0]!, a);
    cluster.cut(others[1]!, a);
    const put = await cluster.put(others[0]!, 'key', 'value', { w: 2 });
    expect(put).toMatchObject({ outcome: 'applied', receipt: { mode: 'sloppy' } });
    cluster.heal();
    for (const gone of [b, c]) for (const other of [a, ...others]) cluster.cut(gone, other);
    const got = await cluster.get(a, 'key');
    expect(got).toMatchObject({ outcome: 'found', version: put.version, receipt: { mode: 'sloppy' } });
    await cluster.elapse(100);
    expect(await ownVersion(a, 'key')).toEqual(put.version);
  });
});

describe('in a cluster of three with one killed', () => {
  it('W=2 succeeds, the hint being kept but not counted, and W=3 is refused, sloppy or strict', async () => {
    await start(3);
    const [a, b, c] = cluster.members as [TestMember, TestMember, TestMember];
    await killFor(c, untilDown);
    const put = await cluster.put(a, 'key', 'value', { w: 2 });
    expect(put).toMatchObject({ outcome: 'applied', receipt: { mode: 'strict', needed: 2, got: 2 } });
    expect(rows(put.receipt).at(-1)).toBe(`${named(a)} fallback for ${named(c)} pending`);
    await cluster.elapse(100);
    expect([hintsFor(c, [a]), hintsFor(c, [b])]).toEqual([1, 0]);
    for (const sloppy of [true, false]) {
      const refused = await cluster.put(a, 'key', 'more', { w: 3, sloppy });
      expect(refused).toMatchObject({ outcome: 'rejected', receipt: { needed: 3, got: 2 } });
    }
    expect(hintsFor(c, [a]), 'a refused write leaves no hint').toBe(1);
    await cluster.restart(c);
    await cluster.elapse(10_000);
    expect(await ownVersion(c, 'key')).toEqual(put.version);
    expect(hintsFor(c)).toBe(0);
  });

  it('hints outlive the member that keeps them', async () => {
    await start(3);
    const [a, b, c] = cluster.members as [TestMember, TestMember, TestMember];
    await killFor(c, untilDown);
    const versions = new Map<string, unknown>();
    for (let i = 0; i < 10; i += 1) versions.set(`key ${i}`, (await cluster.put(a, `key ${i}`, 'value')).version);
    const [before] = a.node!.status().hints;
    a.disk = a.disk.afterPowerLoss(() => 0.5);
    await a.node!.close();
    (await cluster.open(a)).start();
    await cluster.elapse(3000);
    const [after] = a.node!.status().hints;
    expect(after).toMatchObject({ owner: c.id, count: 10, bytes: before!.bytes, replayed: 0 });
    await cluster.kill(b);
    await cluster.restart(c);
    await cluster.elapse(10_000);
    for (const [key, version] of versions) expect(await ownVersion(c, key)).toEqual(version);
    expect(hintsFor(c)).toBe(0);
  });
});

describe('hints are bounded', () => {
  it('in bytes: what is not kept is counted, told once, and repaired first when its owner is back', async () => {
    await start(3, { options: { hintBytesPerOwner: 2000 } });
    const [a, b, c] = cluster.members as [TestMember, TestMember, TestMember];
    await killFor(c, untilDown);
    const versions = new Map<string, unknown>();
    for (let i = 0; i < 30; i += 1)
      versions.set(`key ${i}`, (await cluster.put(a, `key ${i}`, 'x'.repeat(100))).version);
    await cluster.elapse(500);
    const [hints] = a.node!.status().hints;
    expect(hints!.bytes).toBeLessThanOrEqual(2000);
    expect(a.node!.counters.hintsDropped).toBe(30 - hints!.count);
    expect(a.logged.filter((event) => event === 'hints-dropped')).toHaveLength(1);
    await cluster.kill(b);
    await cluster.restart(c);
    await cluster.elapse(20_000);
    for (const [key, version] of versions) expect(await ownVersion(c, key)).toEqual(version);
    expect(a.node!.counters.exchangesConfirmed).toBeGreaterThan(0);
  });

  it('in age: an owner that was away too long is left to repair, by a fallback that owns nothing there', async () => {
    await start(5, { options: { hintMaxAgeMs: 60_000 } });
    const { owners, others } = cluster.placesOf('key');
    const [a, b, c] = owners as [TestMember, TestMember, TestMember];
    await killFor(c, untilDown);
    const put = await cluster.put(a, 'key', 'value', { w: 3 });
    expect(hintsFor(c, others)).toBe(1);
    await cluster.elapse(61_000);
    expect(hintsFor(c)).toBe(0);
    expect(others[0]!.node!.counters.hintsDropped).toBe(1);
    expect(others[0]!.node!.status().hints).toMatchObject([{ owner: c.id, count: 0, dropped: 1 }]);
    for (const gone of [b, ...others]) await cluster.kill(gone);
    await cluster.restart(c);
    await cluster.elapse(10_000);
    expect(await ownVersion(c, 'key')).toEqual(put.version);
    expect(a.node!.counters.exchangeRepairsSent).toBe(1);
  });

  it('in age, but not where they are all that is left of a write: with its owners away they stay until one is back', async () => {
    await start(5, { options: { hintMaxAgeMs: 60_000 } });
    const { owners, others } = cluster.placesOf('key');
    const [a, b, c] = owners as [TestMember, TestMember, TestMember];
    for (const gone of [a, b]) await cluster.kill(gone);
    await killFor(c, untilDown);
    const put = await cluster.put(others[0]!, 'key', 'value', { w: 2 });
    expect(put).toMatchObject({ outcome: 'applied', receipt: { mode: 'sloppy', got: 2 } });
    const kept = owners.reduce((sum, owner) => sum + hintsFor(owner), 0);
    await cluster.elapse(120_000);
    expect(owners.reduce((sum, owner) => sum + hintsFor(owner), 0)).toBe(kept);
    await cluster.restart(a);
    await cluster.elapse(20_000);
    expect(await ownVersion(a, 'key')).toEqual(put.version);
    for (const owner of owners) expect(hintsFor(owner), named(owner)).toBe(0);
    const gone = others.flatMap(({ node }) => node!.status().hints.map(({ dropped, replayed }) => dropped + replayed));
    expect(gone.reduce((sum, count) => sum + count, 0)).toBe(kept);
  });

  it('in age, but not while an owner that is alive does not take what it lacks', async () => {
    await start(5, { options: { hintMaxAgeMs: 60_000 } });
    const { owners, others } = cluster.placesOf('key');
    const [a, b, c] = owners as [TestMember, TestMember, TestMember];
    for (const gone of [a, b]) await cluster.kill(gone);
    await killFor(c, untilDown);
    const put = await cluster.put(others[0]!, 'key', 'value', { w: 2 });
    const kept = hintsFor(b) + hintsFor(c);
    expect(kept).toBeGreaterThan(0);
    await cluster.restart(a);
    const full = (): never => {
      throw new StorageError('DISK_FULL', 'no space');
    };
    a.disk.observe(({ operation }) => (operation === 'write' || operation === 'create' ? full() : undefined));
    await cluster.elapse(90_000);
    expect(hintsFor(b) + hintsFor(c)).toBe(kept);
    a.disk.observe(undefined);
    await cluster.elapse(20_000);
    expect(hintsFor(b) + hintsFor(c)).toBe(0);
    expect(await ownVersion(a, 'key')).toEqual(put.version);
  });

  it('by what there is: hints for a keyspace that is no more are dropped', async () => {
    await start(3, { keyspaces: [{ name: 'second', replicas: 3 }] });
    const [a, , c] = cluster.members as [TestMember, TestMember, TestMember];
    await killFor(c, untilDown);
    await cluster.put(a, 'key', 'value', { keyspace: 'second' });
    await cluster.put(a, 'key', 'value');
    expect(hintsFor(c, [a])).toBe(2);
    const outcomes: string[] = [];
    const drop = { change: { kind: 'drop', name: 'second' }, timeoutMs: 2000 } as const;
    a.node!.changeKeyspace(drop, ({ outcome }) => outcomes.push(outcome));
    await cluster.elapse(1000);
    expect(outcomes).toEqual(['changed']);
    expect(hintsFor(c, [a])).toBe(1);
    expect(a.node!.counters.hintsDropped).toBe(1);
    expect(a.logged.at(-1)).toBe('hints-dropped');
    expect(a.warned).not.toContain('hints-dropped');
  });
});

describe('what members ask of a server that keeps hints', () => {
  const header = { operationId: 77, keyspaceId: 1, epoch: 1, deadlineMs: 1000, stamp: { ms: 1, counter: 0 } };

  it('is refused where it makes no sense, and nothing is kept', async () => {
    const strong = { name: 'strong', replicas: 3, mode: 'strong' } as const;
    await start(5, { keyspaces: [strong, { name: 'beside', replicas: 3, conflict: 'siblings' }] });
    const { owners, others } = cluster.placesOf('key');
    const [keeper, asker] = others as [TestMember, TestMember];
    const [owner] = owners as [TestMember];
    const key = new TextEncoder().encode('key');
    const partition = keeper.node!.topology.partitionOf(key);
    const write = { type: 'hint-write', partition, intendedOwner: owner.id, key, meta: key, value: key } as const;
    const bad: [object, Message][] = [
      [{ epoch: 0 }, write],
      [{ keyspaceId: 9 }, write],
      [{ keyspaceId: 2 }, write],
      [{ keyspaceId: 3 }, write],
      [{}, { ...write, partition: (partition + 1) % 64 }],
      [{}, { ...write, intendedOwner: keeper.id }],
      [{}, { ...write, intendedOwner: asker.id }],
      [{}, write],
      [{ epoch: 0 }, { type: 'hint-read', partition, key }],
    ];
    for (const [more, message] of bad) keeper.node!.receive(asker.id, encodeFrame({ ...header, ...more }, message));
    expect(keeper.node!.counters.replicaRefusals).toBe(bad.length);
    const dirty = { type: 'range-dirty', partition, intendedOwner: owner.id } as const;
    keeper.node!.receive(asker.id, encodeFrame(header, dirty));
    keeper.node!.receive(asker.id, encodeFrame({ ...header, keyspaceId: 9 }, dirty));
    expect(keeper.node!.status().hints).toEqual([]);
  });
});
