import { setImmediate } from 'node:timers/promises';
import { encodeFrame } from '@kv/wire';
import { afterEach, describe, expect, it } from 'vitest';
import { TestCluster, type TestMember } from '../testing/test-cluster.ts';

const turn = () => setImmediate();
const options = { repairIntervalMs: 1000, repairTreeLevels: 2 };

let cluster: TestCluster;

async function start(more: { members?: number } = {}): Promise<readonly TestMember[]> {
  cluster = await TestCluster.start({ turn, options, ...more });
  await cluster.elapse(100);
  return cluster.members;
}
afterEach(() => cluster.close());

/** What a member itself holds: the versions of keys, as a read that asks nobody else finds them. */
async function heldBy(member: TestMember, keys: readonly string[]): Promise<unknown[]> {
  const held: unknown[] = [];
  for (const key of keys) {
    const got = await cluster.get(member, key, { r: 1 });
    held.push('version' in got ? got.version : got.outcome);
  }
  return held;
}

describe('anti-entropy', () => {
  it('brings a member that was cut off what it missed, deletions too, without anybody reading', async () => {
    const [a, b, c] = (await start()) as [TestMember, TestMember, TestMember];
    const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`);
    for (const key of keys) await cluster.put(a, key, 'first');
    cluster.cut(a, c);
    cluster.cut(b, c);
    const versions: unknown[] = [];
    for (const [i, key] of keys.entries()) {
      const { version } = i % 4 === 0 ? await cluster.delete(b, key) : await cluster.put(a, key, 'second');
      versions.push(version);
    }
    cluster.heal();
    await cluster.elapse(8000);
    expect(await heldBy(c, keys)).toEqual(versions);
    const repaired = cluster.members.reduce((sum, { node }) => {
      const { exchangeRepairsSent, exchangeRepairsFetched } = node!.counters;
      return sum + exchangeRepairsSent + exchangeRepairsFetched;
    }, 0);
    expect(repaired).toBeGreaterThanOrEqual(keys.length);
    expect(a.node!.counters.repairsSent).toBe(0);
  });

  it('finds nothing to do where nothing is missing, also after a restart, when the tree is counted anew', async () => {
    const [a, b, c] = (await start()) as [TestMember, TestMember, TestMember];
    for (let i = 0; i < 60; i += 1) await cluster.put(a, `key ${i}`, 'value', { w: 3 });
    await c.node!.close();
    await cluster.open(c);
    c.node!.start();
    await cluster.elapse(6000);
    for (const { node } of [a, b, c]) {
      const { exchangesConfirmed, exchangeRepairsSent, exchangeRepairsFetched } = node!.counters;
      expect(exchangesConfirmed).toBeGreaterThan(128);
      expect([exchangeRepairsSent, exchangeRepairsFetched]).toEqual([0, 0]);
    }
  });

  it('owes nothing while all is well, and names who holds it back', async () => {
    const [a, b, c] = (await start()) as [TestMember, TestMember, TestMember];
    await cluster.elapse(5000);
    expect(a.node!.status().repairDebt!.ageMs).toBeLessThan(2500);
    cluster.cut(a, c);
    cluster.cut(b, c);
    await cluster.elapse(20_000);
    const debt = a.node!.status().repairDebt!;
    expect(debt.peer).toBe(c.id);
    expect(debt.ageMs).toBeGreaterThan(15_000);
    cluster.heal();
    await cluster.elapse(10_000);
    expect(a.node!.status().repairDebt!.ageMs).toBeLessThan(5000);
  });

  it('still owes after a restart what it owed before, and what was written while it was away', async () => {
    const [a, b, c] = (await start()) as [TestMember, TestMember, TestMember];
    await cluster.elapse(12_000);
    for (const other of [a, b]) cluster.cut(other, c);
    await cluster.elapse(60_000);
    await a.node!.close();
    (await cluster.open(a)).start();
    await cluster.elapse(5000);
    expect(a.node!.status().repairDebt).toMatchObject({ peer: c.id });
    expect(a.node!.status().repairDebt!.ageMs).toBeGreaterThan(60_000);
    cluster.heal();
    await cluster.elapse(10_000);
    expect(a.node!.status().repairDebt!.ageMs).toBeLessThan(5000);
  });

  it('compares nothing where there is nobody to compare with', async () => {
    const [a] = (await start({ members: 1 })) as [TestMember];
    await cluster.put(a, 'key', 'value');
    await cluster.elapse(3000);
    expect(a.node!.counters.exchangesConfirmed + a.node!.counters.exchangesFailed).toBe(0);
    expect(a.node!.status().repairDebt).toBeUndefined();
  });

  it('refuses what does not belong to it or cannot be, and goes on', async () => {
    const [a, b] = (await start()) as [TestMember, TestMember];
    const answers: string[] = [];
    b.intercept = (frame) => answers.push(String(frame[4]));
    const header = { operationId: 77, keyspaceId: 1, epoch: 1, deadlineMs: 1000, stamp: { ms: 1, counter: 0 } };
    const compare = {
      type: 'tree-compare',
      partition: 0,
      level: 1,
      nodes: [1],
      hashes: new Uint8Array(8),
      watermark: { ms: 0, counter: 0 },
    } as const;
    const bad = [
      [{ ...header, epoch: 0 }, compare],
      [{ ...header, keyspaceId: 9 }, compare],
      [header, { ...compare, partition: 64 }],
      [header, { ...compare, level: 9 }],
      [header, { ...compare, hashes: new Uint8Array(3) }],
    ] as const;
    const before = a.node!.counters.replicaRefusals;
    for (const [head, message] of bad) a.node!.receive(b.id, encodeFrame(head, message));
    expect(a.node!.counters.replicaRefusals).toBe(before + bad.length);
    b.intercept = undefined;
    await cluster.put(a, 'key', 'value', { w: 3 });
  });
});
