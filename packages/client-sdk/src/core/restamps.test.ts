import { formatVersion, type ReplicaAnswer } from '@kv/quorum';
import { beforeEach, describe, expect, it } from 'vitest';
import { refuse, writeReply } from '../testing/fake-answers.ts';
import { type Behaviour, FakeCluster, type FakeNode } from '../testing/fake-cluster.ts';
import { connectWith } from './client.ts';

let cluster: FakeCluster;

beforeEach(() => {
  cluster = new FakeCluster();
  const [first] = cluster.topology().keyspaces;
  cluster.further.push({ ...first!, id: 2, name: 'strong', mode: 'strong', sloppy: false });
  cluster.further.push({ ...first!, id: 3, name: 'siblings', conflict: 'siblings' });
});

/** The nodes in the order in which a client asks them for the key. */
async function orderOf(keyspace: string, key: string): Promise<readonly FakeNode[]> {
  const order: FakeNode[] = [];
  cluster.everywhere((message, node) => {
    order.push(node);
    return refuse(order.length < cluster.nodes.length ? 'NOT_READY' : 'NOT_SUPPORTED')(message, node);
  });
  const kv = await cluster.connect();
  await cluster.failure(kv.keyspace(keyspace).set(key, 1));
  await kv.close();
  for (const node of order) node.received.length = 0;
  return order;
}

/** The stamp under which each write arrived at the node. */
function stampsAt(node: FakeNode): string[] {
  return node.received.flatMap(({ message }) => {
    if (message.type === 'change') return message.operation === undefined ? [] : [formatVersion(message.operation)];
    const isWrite = message.type === 'put' || message.type === 'put-sibling';
    return isWrite && message.version !== undefined ? [formatVersion(message.version)] : [];
  });
}

describe('a write that one node refused for its stamp', () => {
  it.each(['default', 'strong', 'siblings'])(
    'leaves under its new stamp only, though its link to another opens late: in the keyspace %s',
    async (keyspace) => {
      const [late, refusing, silent] = (await orderOf(keyspace, 'a')) as [FakeNode, FakeNode, FakeNode];
      cluster.everywhere(() => 'silence');
      const kv = await cluster.settle(connectWith(cluster.ports, `kv://${silent.address}`));
      late.isDumb = true;
      refusing.behaviour = (message, node) => {
        cluster.time.set(200, () => cluster.greet(late));
        return refuse('STAMP_TOO_FAR_AHEAD')(message, node);
      };
      const error = await cluster.failure(kv.keyspace(keyspace).set('a', 1, { timeoutMs: 5000 }));
      expect(error.code).toBe('WRITE_UNKNOWN');
      const mayBeMade = new Set([...stampsAt(late), ...stampsAt(silent)]);
      expect(mayBeMade.size).toBe(1);
      expect(mayBeMade).not.toContain(stampsAt(refusing)[0]);
    },
  );
});

describe('a write that owners refused for its age', () => {
  const refused = { answer: 'unreachable', reason: 'BELOW_WATERMARK' } as const;

  /** What a node tells of whose owners the first ones said this, and the others that they take nothing of this age. */
  function tooOld(...others: Pick<ReplicaAnswer, 'answer' | 'reason'>[]): Behaviour {
    const receipt = cluster.receipt(2, others.filter(({ answer }) => answer === 'applied').length);
    const replicas = receipt.replicas.map((owner, index) => ({ ...owner, ...(others[index] ?? refused) }));
    return writeReply(cluster, 'unknown', { reason: 'write-too-old', receipt: { ...receipt, replicas } });
  }

  it('is written anew under a later stamp where nobody can have it', async () => {
    const kv = await cluster.connect();
    let tries = 0;
    cluster.everywhere((message, node) =>
      ((tries += 1) === 1 ? tooOld() : writeReply(cluster, 'applied'))(message, node),
    );
    expect((await cluster.settle(kv.keyspace().set('a', 1))).outcome).toBe('applied');
    expect(new Set(cluster.nodes.flatMap(stampsAt)).size).toBe(2);
  });

  it.each<[string, Pick<ReplicaAnswer, 'answer' | 'reason'>]>([
    ['has it', { answer: 'applied' }],
    ['may have it', { answer: 'unreachable', reason: 'LINK_LOST' }],
    ['has not answered', { answer: 'pending' }],
  ])('keeps its stamp where an owner %s, and is never said not to be made', async (_, owner) => {
    const kv = await cluster.connect();
    let tries = 0;
    cluster.everywhere((message, node) =>
      ((tries += 1) === 1 ? tooOld(owner) : writeReply(cluster, 'rejected'))(message, node),
    );
    const error = await cluster.failure(kv.keyspace().set('a', 1));
    expect(error).toMatchObject({ code: 'WRITE_UNKNOWN', outcome: 'unknown' });
    expect(tries).toBeGreaterThan(1);
    expect(new Set(cluster.nodes.flatMap(stampsAt)).size).toBe(1);
  });
});
