import { setImmediate } from 'node:timers/promises';
import type { KeyspaceChange } from '@kv/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestCluster, type TestMember } from './testing/test-cluster.ts';
import type { TopologyChangeResult } from './topology/topology-changer.ts';

const keyspaces = [{ name: 'strong', replicas: 3, mode: 'strong' }] as const;

let cluster: TestCluster;
let a: TestMember;
let b: TestMember;
let c: TestMember;

beforeEach(async () => {
  cluster = await TestCluster.start({ turn: () => setImmediate(), keyspaces });
  [a, b, c] = cluster.members as [TestMember, TestMember, TestMember];
  await cluster.elapse(1000);
});
afterEach(() => cluster.close());

async function changeKeyspace(at: TestMember, change: KeyspaceChange): Promise<void> {
  const results: TopologyChangeResult[] = [];
  at.node?.changeKeyspace({ change, timeoutMs: 3000 }, (result) => results.push(result));
  for (let steps = 0; results.length === 0 && steps < 80; steps += 1) await cluster.elapse(50);
  expect(results).toMatchObject([{ outcome: 'changed' }]);
}

describe('a strong keyspace', () => {
  it('that is made while the cluster runs can be used at once', async () => {
    await changeKeyspace(a, { kind: 'create', name: 'locks', settings: { mode: 'strong' } });
    const condition = { type: 'absent' } as const;
    expect(await cluster.change(b, 'key', 'mine', { keyspace: 'locks', condition })).toMatchObject({
      outcome: 'applied',
      receipt: { epoch: 2 },
    });
    expect(await cluster.change(c, 'key', 'mine', { keyspace: 'locks', condition })).toMatchObject({
      outcome: 'conflict',
    });
  });

  it('that changed meanwhile refuses what was planned before, which is planned again as the same change', async () => {
    await cluster.change(c, 'key', 'before');
    for (const other of [a, b]) cluster.cut(c, other);
    await changeKeyspace(a, { kind: 'alter', name: 'strong', settings: { compressed: false } });
    expect(c.node?.topology.epoch).toBe(1);
    cluster.heal();
    const changed = await cluster.change(c, 'key', 'after');
    expect(changed).toMatchObject({ outcome: 'applied', receipt: { epoch: 2 } });
    expect(await cluster.get(a, 'key', { keyspace: 'strong' })).toMatchObject({ outcome: 'found' });
  });

  it('that changed meanwhile is read by the later topology', async () => {
    const changed = await cluster.change(c, 'key', 'before');
    for (const other of [a, b]) cluster.cut(c, other);
    await changeKeyspace(a, { kind: 'alter', name: 'strong', settings: { compressed: false } });
    cluster.heal();
    expect(c.node?.topology.epoch).toBe(1);
    expect(await cluster.get(c, 'key', { keyspace: 'strong' })).toMatchObject({
      outcome: 'found',
      version: 'version' in changed && changed.version,
      receipt: { epoch: 2 },
    });
  });
});
