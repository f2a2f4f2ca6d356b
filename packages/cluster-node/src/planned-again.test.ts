/** A write that met a later topology was sent before: what its last plan comes to is not the whole of what is known of it. */
import { setImmediate } from 'node:timers/promises';
import { decodeFrame, type KeyspaceChange, type Message } from '@kv/wire';
import { afterEach, describe, expect, it } from 'vitest';
import type { PutResult } from './requests.ts';
import { TestCluster, type TestMember } from './testing/test-cluster.ts';
import type { TopologyChangeResult } from './topology/topology-changer.ts';

const keyspaces = [
  { name: 'siblings', conflict: 'siblings' },
  { name: 'strong', mode: 'strong' },
] as const;

let cluster: TestCluster;

async function start(members: number): Promise<readonly TestMember[]> {
  cluster = await TestCluster.start({
    turn: () => setImmediate(),
    members,
    keyspaces: keyspaces.map((keyspace) => ({ replicas: 3, ...keyspace })),
  });
  await cluster.elapse(1000);
  return cluster.members;
}

afterEach(() => cluster.close());

/** Nobody answers for those who are away, so that it takes until the deadline. */
async function alter(at: TestMember, name: string): Promise<void> {
  const change: KeyspaceChange = { kind: 'alter', name, settings: { compressed: false } };
  const results: TopologyChangeResult[] = [];
  at.node?.changeKeyspace({ change, timeoutMs: 500 }, (result) => results.push(result));
  for (let steps = 0; results.length === 0 && steps < 80; steps += 1) await cluster.elapse(50);
  expect(results).toMatchObject([{ outcome: 'changed' }]);
}

/** Keeps messages of a type from the member; returns a function that hands them over. */
function withhold(member: TestMember, type: Message['type']): () => void {
  const held: (() => void)[] = [];
  member.intercept = (frame, from) => {
    const receive = (): void => member.node?.receive(from, frame);
    if (decodeFrame(frame).message.type === type) held.push(receive);
    else receive();
  };
  return () => {
    member.intercept = undefined;
    for (const receive of held) receive();
  };
}

describe('a write that is planned again', () => {
  it.each(['default', 'siblings'])(
    'in %s is not told as rejected while its first plan left it on a disk',
    async (name) => {
      const [a, b, c] = (await start(3)) as [TestMember, TestMember, TestMember];
      for (const other of [a, b]) cluster.cut(c, other);
      await alter(a, name);
      expect(c.node?.topology.epoch).toBe(1);
      cluster.heal();
      const answers: PutResult[] = [];
      const release = withhold(a, 'replica-write');
      await cluster.kill(b);
      const key = new TextEncoder().encode('key');
      const request = { keyspace: name, key, w: 3, value: key, contentType: 'text/plain', sloppy: false };
      const put = { ...request, timeoutMs: 60_000 };
      c.node?.put(
        put,
        (result) => answers.push(result),
        (error) => expect.fail(error.message),
      );
      await cluster.elapse(30_000);
      expect(c.node?.status().members.map(({ state }) => state)).toEqual(['alive', 'down', 'alive']);
      expect(answers).toEqual([]);
      release();
      await cluster.elapse(1000);
      expect(answers).toMatchObject([{ outcome: 'unknown', reason: 'too-few-replicas', receipt: { epoch: 2 } }]);
      const read = { keyspace: name, r: 1 };
      expect(await cluster.get(c, 'key', read)).toMatchObject({ outcome: 'found' });
    },
  );

  it('in a strong keyspace is not told as unavailable while its first plan had it accepted somewhere', async () => {
    const members = await start(5);
    const [first] = members as [TestMember];
    const keyspace = 'strong';
    const [coordinator, deaf, ahead] = ownersOf(first, keyspace, 'key');
    for (const behind of [coordinator, deaf]) {
      for (const other of members) if (other !== coordinator && other !== deaf) cluster.cut(behind, other);
    }
    await alter(ahead, keyspace);
    expect([coordinator, deaf].map(({ node }) => node?.topology.epoch)).toEqual([1, 1]);
    withhold(deaf, 'accept');
    cluster.join(coordinator, ahead);
    const learn = withhold(coordinator, 'topology');
    const changing = cluster.change(coordinator, 'key', 'value', { timeoutMs: 1000 });
    await cluster.elapse(200);
    learn();
    const changed = await changing;
    expect(changed).toMatchObject({ outcome: 'unknown', receipt: { epoch: 2 } });
    cluster.heal();
    await cluster.elapse(1000);
    cluster.cut(coordinator, deaf);
    expect(await cluster.get(coordinator, 'key', { keyspace })).toMatchObject({ outcome: 'found' });
  });
});

function ownersOf({ node }: TestMember, name: string, key: string): [TestMember, TestMember, TestMember] {
  const topology = node!.topology;
  const ids = topology.owners(topology.keyspace(name)!, topology.partitionOf(new TextEncoder().encode(key)));
  return ids.map((id) => cluster.members.find((member) => member.id === id)) as [TestMember, TestMember, TestMember];
}
