import type { Message, TopologyKeyspace } from '@kv/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { refuse } from '../testing/fake-answers.ts';
import { type Behaviour, FakeCluster, type FakeNode } from '../testing/fake-cluster.ts';
import type { KvClient } from './client.ts';
import type { Keyspace } from './keyspace.ts';

let cluster: FakeCluster;
let kv: KvClient;
let orders: Keyspace;
let serve: Behaviour;

beforeEach(async () => {
  cluster = new FakeCluster();
  serve = cluster.node(0).behaviour;
  renew(2);
  kv = await cluster.connect();
  orders = kv.keyspace('orders');
});

/** Drops the keyspace, and makes it again under this id if there is one. */
function renew(id: number | undefined, more: Partial<TopologyKeyspace> = {}): void {
  const [first] = cluster.topology().keyspaces;
  cluster.epoch += 1;
  cluster.further.length = 0;
  if (id !== undefined) cluster.further.push({ ...first!, id, name: 'orders', ...more });
  const known = new Set([1, id]);
  cluster.everywhere((message, node) => {
    const asked = node.received.at(-1)?.header.keyspaceId ?? 0;
    return (known.has(asked) ? answer : refuse('UNKNOWN_KEYSPACE'))(message, node);
  });
}

function answer(message: Message, node: FakeNode): Message | 'silence' | 'break' {
  const receipt = cluster.receipt(2, 2);
  switch (message.type) {
    case 'scan':
      return { type: 'scan-reply', entries: [] };
    case 'get-siblings':
      return { type: 'siblings', siblings: [], receipt };
    case 'change':
      return { type: 'change-reply', outcome: 'applied', version: message.operation!, receipt };
    default:
      return serve(message, node);
  }
}

/** The ids of the keyspaces that requests asked for, in the order of the nodes. */
function askedIds(): number[] {
  return cluster.nodes.flatMap(({ received }) =>
    received.filter(({ message }) => message.type !== 'topology-request').map(({ header }) => header.keyspaceId),
  );
}

const strong = { mode: 'strong', sloppy: false } as const;
const calls: readonly [string, Partial<TopologyKeyspace>, () => Promise<unknown>][] = [
  ['get', {}, () => orders.get('a')],
  ['get', { conflict: 'siblings' }, () => orders.get('a')],
  ['get', strong, () => orders.get('a')],
  ['getSiblings', { conflict: 'siblings' }, () => orders.getSiblings('a')],
  ['scanPage', {}, () => orders.scanPage()],
  ['set', {}, () => orders.set('a', 1)],
  ['set', { conflict: 'siblings' }, () => orders.set('a', 1)],
  ['set', strong, () => orders.set('a', 1)],
  ['delete', {}, () => orders.delete('a')],
  ['update', strong, () => orders.update('a', () => 1)],
  ['update', { conflict: 'siblings' }, () => orders.update('a', () => 1)],
];

describe('a keyspace that was dropped and made again', () => {
  it.each(calls)('is found by the call that met it: %s in one that is %o', async (_, kind, call) => {
    renew(2, kind);
    await cluster.settle(kv.keyspaces.list());
    renew(3, kind);
    await cluster.settle(call());
    expect(new Set(askedIds())).toEqual(new Set([2, 3]));
    expect(askedIds().filter((id) => id === 2)).toHaveLength(1);
    expect(kv.cluster.epoch).toBe(cluster.epoch);
  });

  it('is taken for what it is now', async () => {
    renew(3, { conflict: 'siblings' });
    expect(await cluster.settle(orders.getEntry('a'))).toMatchObject({ found: false });
    expect(cluster.nodes.flatMap((node) => node.got('get-siblings'))).toHaveLength(1);
    renew(4, strong);
    await cluster.settle(orders.set('a', 1));
    expect(cluster.nodes.flatMap((node) => node.got('change'))).toHaveLength(1);
  });

  it('is looked for once in a call', async () => {
    renew(3);
    cluster.everywhere(refuse('UNKNOWN_KEYSPACE'));
    const error = await cluster.failure(orders.set('a', 1));
    expect(error).toMatchObject({ code: 'UNKNOWN_KEYSPACE', outcome: 'rejected', retryable: false });
    expect(error.message).toBe('there is no keyspace "orders" any more');
    expect(askedIds().sort()).toEqual([2, 3]);
  });

  it('is not written to where the one before may have been', async () => {
    renew(3);
    let tries = 0;
    cluster.everywhere((message, node) => {
      tries += 1;
      return tries === 1 ? 'break' : refuse('UNKNOWN_KEYSPACE')(message, node);
    });
    expect(await cluster.failure(orders.set('a', 1))).toMatchObject({ code: 'WRITE_UNKNOWN', outcome: 'unknown' });
    expect(new Set(askedIds())).toEqual(new Set([2]));
  });

  it('is found in the time of the call, or not at all', async () => {
    renew(3);
    const startedAt = cluster.time.now;
    const refused = cluster.node(0).behaviour;
    cluster.everywhere((message, node) => {
      for (const other of cluster.nodes) cluster.time.set(1, () => (other.isDumb = true));
      return refused(message, node);
    });
    cluster.epoch -= 1;
    expect(await cluster.failure(orders.set('a', 1, { timeoutMs: 200 }))).toMatchObject({
      ...{ code: 'TIMEOUT', outcome: 'rejected' },
    });
    expect(cluster.time.now - startedAt).toBe(200);
  });
});

describe('a keyspace that was dropped', () => {
  it.each(calls.filter(([, kind]) => kind.mode === undefined))(
    'is named: %s in one that is %o',
    async (_, kind, call) => {
      renew(2, kind);
      await cluster.settle(kv.keyspaces.list());
      renew(undefined);
      const error = await cluster.failure(call());
      expect(error).toMatchObject({ code: 'UNKNOWN_KEYSPACE', retryable: false });
      expect(error.message).toBe('there is no keyspace "orders"; there is default');
    },
  );
});

describe('what an update throws', () => {
  it('is its own, though it speaks of an unknown keyspace', async () => {
    renew(2, strong);
    await cluster.settle(kv.keyspaces.list());
    let times = 0;
    const error = await cluster.failure(
      orders.update('a', () => {
        times += 1;
        return kv.keyspace<number>('nowhere').get('a');
      }),
    );
    expect(error).toMatchObject({ code: 'UNKNOWN_KEYSPACE', message: expect.stringContaining('nowhere') as string });
    expect(times).toBe(1);
  });
});
