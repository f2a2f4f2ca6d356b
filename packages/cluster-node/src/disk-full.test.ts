/** A member whose disk is full refuses writes, says so once, and goes on with everything else. */
import { setImmediate } from 'node:timers/promises';
import { StorageError } from '@kv/lsm-storage/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestCluster, type TestMember } from './testing/test-cluster.ts';

let cluster: TestCluster;
let a: TestMember;
let b: TestMember;
let c: TestMember;

async function start(stampReserveMs = 600_000): Promise<void> {
  cluster = await TestCluster.start({ turn: () => setImmediate(), options: { stampReserveMs } });
  [a, b, c] = cluster.members as [TestMember, TestMember, TestMember];
  await cluster.elapse(100);
}

beforeEach(() => start());
afterEach(() => {
  makeRoom(a, b, c);
  return cluster.close();
});

/** Whatever would take space fails; nothing that is there goes. */
function fill(...members: TestMember[]): void {
  for (const { disk } of members) {
    disk.observe(({ operation, path }) => {
      if (operation !== 'write' && operation !== 'create' && operation !== 'truncate') return undefined;
      throw new StorageError('DISK_FULL', `${operation} ${path}: no space`);
    });
  }
}

function makeRoom(...members: TestMember[]): void {
  for (const { disk } of members) disk.observe(undefined);
}

const times = (member: TestMember, event: string): number => member.logged.filter((logged) => logged === event).length;

describe('a member whose disk is full', () => {
  it('refuses a write, which succeeds by the others, and holds what it held', async () => {
    const first = await cluster.put(a, 'key', 'first');
    fill(c);
    const put = await cluster.put(a, 'key', 'second');
    await cluster.settle();
    expect(put.outcome).toBe('applied');
    expect(await cluster.get(c, 'key', { r: 1 })).toMatchObject({ outcome: 'found', version: first.version });
    expect(await cluster.put(a, 'key', 'third', { w: 3 })).toMatchObject({
      outcome: 'unknown',
      reason: 'too-few-replicas',
      receipt: { got: 2 },
    });
    expect(c.fatal).toBeUndefined();
    expect(a.node?.status().members.map(({ state }) => state)).toEqual(['alive', 'alive', 'alive']);
  });

  it('and lacks what it could not take, counts for reads of it all the same: one more may be away', async () => {
    fill(c);
    const put = await cluster.put(a, 'key', 'value');
    await cluster.kill(b);
    const got = await cluster.get(a, 'key', { r: 2 });
    expect(got).toMatchObject({
      outcome: 'found',
      version: put.version,
      receipt: { got: 2, repairs: { acknowledged: 0, needed: 2, held: 1 } },
    });
    expect(await cluster.get(a, 'key', { r: 2, sloppy: false })).toMatchObject({ outcome: 'repair-incomplete' });
  });

  it('tells that nothing was done: where all disks are full a write is rejected, its own replica included', async () => {
    await cluster.put(a, 'another', 'value');
    fill(a, b, c);
    const put = await cluster.put(a, 'key', 'value', { w: 1 });
    expect(put).toMatchObject({ outcome: 'rejected', reason: 'refused', receipt: { got: 0 } });
    expect(put.receipt.replicas.map(({ answer, reason }) => [answer, reason])).toEqual(
      Array.from({ length: 3 }, () => ['refused', 'DISK_FULL']),
    );
    makeRoom(a, b, c);
    expect(await cluster.get(a, 'key', { r: 3 })).toMatchObject({ outcome: 'absent' });
  });

  it('has nothing of what it refused after a restart either', async () => {
    const kept = await cluster.put(a, 'key', 'kept', { w: 3 });
    fill(a, b, c);
    expect(await cluster.put(a, 'key', 'refused')).toMatchObject({ outcome: 'rejected' });
    makeRoom(a, b, c);
    for (const member of cluster.members) {
      await member.node?.close();
      (await cluster.open(member)).start();
    }
    await cluster.elapse(200);
    expect(await cluster.get(a, 'key', { r: 3 })).toMatchObject({ outcome: 'found', version: kept.version });
  });

  it('takes writes again by itself once there is room, and is repaired without being read', async () => {
    fill(c);
    const missed = await cluster.put(a, 'missed', 'value');
    makeRoom(c);
    expect(await cluster.put(a, 'key', 'value', { w: 3 })).toMatchObject({ outcome: 'applied' });
    await cluster.elapse(130_000);
    expect(await cluster.get(c, 'missed', { r: 1 })).toMatchObject({ outcome: 'found', version: missed.version });
  });

  it('names the cause once, shows since when it lasts, and counts', async () => {
    fill(c);
    for (let number = 0; number < 20; number += 1) await cluster.put(a, `key-${number}`, 'value');
    await cluster.elapse(1000);
    expect(times(c, 'disk-full')).toBe(1);
    expect(c.node?.counters.diskFullRefusals).toBeGreaterThanOrEqual(20);
    expect(c.node?.status().diskFullForMs).toBeGreaterThanOrEqual(1000);
    expect(a.node?.status()).not.toHaveProperty('diskFullForMs');
    makeRoom(c);
    await cluster.put(a, 'key', 'value', { w: 3 });
    // One write that found room does not say that there is enough of it.
    expect(c.node?.status()).toHaveProperty('diskFullForMs');
    await cluster.elapse(10_000);
    await cluster.put(a, 'key', 'value', { w: 3 });
    expect(c.node?.status()).not.toHaveProperty('diskFullForMs');
    expect([times(c, 'disk-full'), times(c, 'disk-has-room')]).toEqual([1, 1]);
  });

  it.each(['write', 'sync'] as const)('still stops when its disk fails in any other way: a %s', async (failing) => {
    c.disk.observe(({ operation }) => {
      if (operation === failing) throw new StorageError('IO_ERROR', 'the disk is broken');
      return undefined;
    });
    await cluster.put(a, 'key', 'value');
    await cluster.settle();
    expect(c.fatal).toMatchObject({ code: 'POISONED' });
  });
});

describe('stamps of a member whose disk is full', () => {
  beforeEach(async () => {
    await cluster.close();
    await start(3000);
    await cluster.put(a, 'key', 'value');
  });

  it('are issued as far as they were reserved, then refused with DISK_FULL, and issued again once there is room', async () => {
    fill(a);
    expect(await cluster.put(a, 'key', 'reserved')).toMatchObject({ outcome: 'applied' });
    await cluster.elapse(5000);
    for (const ask of [cluster.put(a, 'key', 'late'), cluster.delete(a, 'key'), cluster.put(a, 'other', 'late')]) {
      await expect(ask).rejects.toMatchObject({ name: 'RequestError', code: 'DISK_FULL' });
    }
    expect(a.fatal).toBeUndefined();
    makeRoom(a);
    expect(await cluster.put(a, 'key', 'again')).toMatchObject({ outcome: 'applied' });
  });

  it('are not needed for a write that its client stamped', async () => {
    fill(a);
    await cluster.elapse(5000);
    const version = { ms: cluster.time.wallMs(), counter: 0, actor: 'ab'.repeat(16) };
    expect(await cluster.put(a, 'key', 'stamped', { version })).toMatchObject({ outcome: 'applied' });
  });
});
