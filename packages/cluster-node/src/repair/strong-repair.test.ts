import { setImmediate } from 'node:timers/promises';
import { encodeFrame, type Message } from '@kv/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestCluster, type TestMember } from '../testing/test-cluster.ts';

const keyspaces = [{ name: 'strong', replicas: 3, mode: 'strong' }] as const;
const options = { repairIntervalMs: 1000, repairTreeLevels: 2 };
const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`);

let cluster: TestCluster;
let a: TestMember;
let b: TestMember;
let c: TestMember;

beforeEach(async () => {
  cluster = await TestCluster.start({ turn: () => setImmediate(), keyspaces, options });
  [a, b, c] = cluster.members as [TestMember, TestMember, TestMember];
  await cluster.elapse(100);
});
afterEach(() => cluster.close());

/** What two members hold in common, as one of them alone with the other finds it without confirming anything. */
async function agreedBy(at: TestMember, without: TestMember): Promise<unknown[]> {
  for (const other of cluster.members) if (other !== without) cluster.cut(without, other);
  const confirmed = at.node?.counters.readsConfirmed;
  const versions: unknown[] = [];
  for (const key of keys) {
    const got = await cluster.get(at, key, { keyspace: 'strong' });
    versions.push('version' in got ? got.version : got.outcome);
  }
  expect(at.node?.counters.readsConfirmed).toBe(confirmed);
  cluster.heal();
  return versions;
}

describe('anti-entropy of a strong keyspace', () => {
  it('brings a member that was cut off what was accepted meanwhile, deletions too, without anybody reading', async () => {
    for (const key of keys) await cluster.change(a, key, 'first');
    cluster.cut(a, c);
    cluster.cut(b, c);
    const versions: unknown[] = [];
    for (const [i, key] of keys.entries()) {
      const changed = await cluster.change(a, key, i % 4 === 0 ? undefined : 'second');
      versions.push('version' in changed && changed.version);
    }
    cluster.heal();
    await cluster.elapse(10_000);
    expect(await agreedBy(c, a)).toEqual(versions);
    expect(a.node?.repairDebt?.ageMs).toBeLessThan(6000);
  });

  it('overtakes a promise that its proposer never made use of', async () => {
    cluster.cut(a, c);
    cluster.cut(b, c);
    const [key = ''] = keys;
    const changed = await cluster.change(a, key, 'value');
    cluster.heal();
    // A proposer that has promises for a later ballot, and is gone.
    const bytes = new TextEncoder().encode(key);
    const partition = a.node?.topology.partitionOf(bytes) ?? 0;
    const ballot = { counter: (cluster.time.wallMs() + 60_000) * 1024, proposer: 'gone' };
    const message: Message = { type: 'prepare', partition, key: bytes, ballot };
    const header = { operationId: 1, keyspaceId: 2, deadlineMs: 1000, epoch: 1, stamp: { ms: 0, counter: 0 } };
    c.node?.receive(b.id, encodeFrame(header, message));
    await cluster.elapse(10_000);
    for (const other of [b, c]) cluster.cut(a, other);
    const got = await cluster.get(c, key, { keyspace: 'strong' });
    expect(got).toMatchObject({ outcome: 'found', version: 'version' in changed && changed.version });
    expect(c.node?.counters.readsConfirmed).toBe(0);
  });
});
