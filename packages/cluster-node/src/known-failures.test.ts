/**
 * Failures that other stores are known for, each as a schedule that this one must get right. The numbers are those of other
 * directed tests too; (T4) is in hinted-handoff.test.ts, (T12) in purge.test.ts, (T20) in storage-damage.test.ts.
 */
import { setImmediate } from 'node:timers/promises';
import { StorageError } from '@kv/lsm-storage/core';
import { compareVersions, type Version } from '@kv/quorum';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestCluster, type TestMember } from './testing/test-cluster.ts';

let cluster: TestCluster;
let members: readonly [TestMember, TestMember, TestMember];

beforeEach(async () => {
  cluster = await TestCluster.start({ turn: () => setImmediate(), options: { repairIntervalMs: 86_400_000 } });
  members = cluster.members as [TestMember, TestMember, TestMember];
  await cluster.elapse(1000);
});
afterEach(() => {
  for (const { disk } of cluster.members) disk.observe(undefined);
  return cluster.close();
});

async function textOf(at: TestMember, key: string, r = 2): Promise<string> {
  const got = await cluster.get(at, key, { r });
  return got.outcome === 'found' ? new TextDecoder().decode(got.value) : got.outcome;
}

/** All orders of the given things. */
function ordersOf<T>(things: readonly T[]): T[][] {
  if (things.length <= 1) return [[...things]];
  return things.flatMap((first) => ordersOf(things.filter((thing) => thing !== first)).map((rest) => [first, ...rest]));
}

describe('a clock that is a minute ahead (T1)', () => {
  it('loses no later write, and leaves no key that cannot be deleted', async () => {
    const [fast, right] = members;
    fast.clockAheadMs = 60_000;
    expect((await cluster.put(fast, 'key', 'first')).outcome).toBe('applied');
    expect((await cluster.put(right, 'key', 'second')).outcome).toBe('applied');
    for (const member of members) expect(await textOf(member, 'key')).toBe('second');
    expect((await cluster.delete(right, 'key')).outcome).toBe('applied');
    for (const member of members) expect(await textOf(member, 'key')).toBe('absent');
  });

  it('nor one that is a minute behind', async () => {
    const [slow, right] = members;
    slow.clockAheadMs = -60_000;
    expect((await cluster.put(right, 'key', 'first')).outcome).toBe('applied');
    expect((await cluster.put(slow, 'key', 'second')).outcome).toBe('applied');
    for (const member of members) expect(await textOf(member, 'key')).toBe('second');
    expect((await cluster.delete(slow, 'key')).outcome).toBe('applied');
    for (const member of members) expect(await textOf(member, 'key')).toBe('absent');
  });
});

describe('two writes under one stamp (T2)', () => {
  it('come to one whole value everywhere, in whatever order they arrive', async () => {
    const stamp = { ms: cluster.time.wallMs(), counter: 7 };
    const [low, high] = ['0a', '0b'].map((byte) => ({ ...stamp, actor: byte.repeat(16) })) as [Version, Version];
    const [a, b] = members;
    await cluster.put(a, 'one', 'of the lower', { version: low, w: 3 });
    await cluster.put(b, 'one', 'of the higher', { version: high, w: 3 });
    await cluster.put(a, 'other', 'of the higher', { version: high, w: 3 });
    expect(await cluster.put(b, 'other', 'of the lower', { version: low, w: 3 })).toMatchObject({
      outcome: 'superseded',
      winner: high,
    });
    for (const key of ['one', 'other']) {
      for (const member of members) expect(await textOf(member, key, 1)).toBe('of the higher');
    }
  });
});

describe('a write that reached one owner only (T3)', () => {
  it('once read, is read by every quorum from then on, whichever comes first', async () => {
    const pairs = [
      [0, 1],
      [1, 2],
      [2, 0],
    ] as const;
    for (const [number, order] of ordersOf(pairs).entries()) {
      const key = `key ${number}`;
      await cluster.put(members[0], key, 'old', { w: 3 });
      isolate(members[0]);
      expect((await cluster.put(members[0], key, 'new')).outcome).toBe('unknown');
      const versions: Version[] = [];
      for (const [at, other] of order) {
        cluster.heal();
        isolate(members.find((_, index) => index !== at && index !== other)!);
        const got = await cluster.get(members[at], key, { sloppy: false });
        if (got.outcome === 'found') versions.push(got.version);
        else expect(got.outcome).not.toBe('absent');
      }
      for (const [index, version] of versions.slice(1).entries()) {
        expect(compareVersions(version, versions[index]!), 'reads went back').toBeGreaterThanOrEqual(0);
      }
      expect(versions.length).toBeGreaterThan(0);
      cluster.heal();
      await cluster.elapse(1000);
    }
  });

  function isolate(member: TestMember): void {
    for (const other of members) if (other !== member) cluster.cut(member, other);
  }
});

describe('a write whose answers are lost (T5)', () => {
  it('is unknown, never failed, and appears', async () => {
    const [a, b] = members;
    a.intercept = () => undefined;
    const put = await cluster.put(a, 'key', 'value', { w: 2 });
    expect(put).toMatchObject({ outcome: 'unknown' });
    a.intercept = undefined;
    await cluster.elapse(1000);
    expect(await textOf(b, 'key')).toBe('value');
  });
});

describe('a loss of power everywhere (T19)', () => {
  it('takes nothing that was acknowledged, whatever of the rest survives', async () => {
    let seed = 1;
    const random = (): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed / 2 ** 32;
    };
    const acknowledged = new Map<string, string>();
    for (let round = 0; round < 4; round += 1) {
      for (let number = 0; number < 20; number += 1) {
        const [key, text] = [`key ${number % 7}`, `${round}/${number}`];
        const put = await cluster.put(members[number % 3]!, key, text, { w: 2 + (number % 2) });
        if (put.outcome === 'applied') acknowledged.set(key, text);
      }
      for (const member of members) member.disk = member.disk.afterPowerLoss(random);
      for (const member of members) await member.node?.close().catch(() => undefined);
      for (const member of members) await cluster.open(member);
      for (const { node } of members) node?.start();
      await cluster.elapse(5000);
      for (const [key, text] of acknowledged) expect(await textOf(members[round % 3]!, key)).toBe(text);
    }
    expect(acknowledged.size).toBe(7);
  });
});

describe('a write that was rejected (T22)', () => {
  it('is never read, not even where one owner might have taken it', async () => {
    const [a, b, c] = members;
    await cluster.put(a, 'key', 'before', { w: 3 });
    for (const { disk } of members) {
      disk.observe(({ operation }) => {
        if (operation === 'write' || operation === 'create') throw new StorageError('DISK_FULL', 'no space');
        return undefined;
      });
    }
    const version = { ms: cluster.time.wallMs(), counter: 0, actor: '0f'.repeat(16) };
    expect(await cluster.put(b, 'key', 'rejected', { version })).toMatchObject({ outcome: 'rejected' });
    for (const { disk } of members) disk.observe(undefined);
    await cluster.kill(c);
    await cluster.elapse(60_000);
    expect(await cluster.put(a, 'key', 'too few', { w: 3 })).toMatchObject({ outcome: 'rejected' });
    await cluster.restart(c);
    await cluster.elapse(30_000);
    for (const member of members) expect(await textOf(member, 'key', 3)).toBe('before');
    for (const member of members) expect(await textOf(member, 'key', 1)).toBe('before');
  });
});
