import { changeIdMs, type Message } from '@kv/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Behaviour, FakeCluster } from '../testing/fake-cluster.ts';
import type { KvClient } from './client.ts';

let cluster: FakeCluster;
let kv: KvClient;

beforeEach(async () => {
  cluster = new FakeCluster();
  kv = await cluster.connect();
});

/** The topology of the next epoch, with one keyspace more. */
const grown: Behaviour = () => {
  cluster.epoch += 1;
  const topology = cluster.topology();
  const [first] = topology.keyspaces;
  cluster.further.push({ ...first!, id: 2, name: 'orders', ttlMs: 5, since: cluster.epoch });
  return cluster.topology();
};

describe('keyspaces', () => {
  it('are made by any node, and usable at once', async () => {
    cluster.everywhere(grown);
    expect(await cluster.settle(kv.keyspaces.create('orders', { ttlMs: 5, replicas: 2 }))).toMatchObject({
      name: 'orders',
    });
    const sent = cluster.nodes.flatMap((node) => node.got('change-keyspace'));
    expect(sent).toMatchObject([{ change: { kind: 'create', name: 'orders', replicas: 2, settings: { ttlMs: 5 } } }]);
    expect(kv.cluster.epoch).toBe(2);
    expect(await cluster.settle(kv.keyspaces.list())).toHaveLength(2);
  });

  it('a change that some nodes do not go by yet is made, and names them', async () => {
    cluster.everywhere((message, node) => {
      const { type: _, ...topology } = grown(message, node) as Extract<Message, { type: 'topology' }>;
      return { type: 'topology-behind', topology, behind: [topology.members[1]!.id] };
    });
    const behind = [cluster.topology().members[1]!.name];
    expect(await cluster.settle(kv.keyspaces.create('orders'))).toMatchObject({ name: 'orders', behind });
    expect(await cluster.settle(kv.keyspaces.drop('orders', { confirm: 'orders' }))).toEqual({ behind });
  });

  it('that others made since are found by asking again', async () => {
    await expect(cluster.settle(kv.keyspace('orders').get('a'))).rejects.toMatchObject({ code: 'UNKNOWN_KEYSPACE' });
    const [first] = cluster.topology().keyspaces;
    cluster.further.push({ ...first!, id: 2, name: 'orders' });
    expect(await cluster.settle(kv.keyspace('orders').get('a'))).toBeUndefined();
  });

  it('are not said to be none by less than a majority of the voters', async () => {
    const unknown = (): Promise<unknown> => cluster.settle(kv.keyspace('orders').set('a', 1));
    cluster.stop(cluster.node(2));
    await expect(unknown()).rejects.toMatchObject({ code: 'UNKNOWN_KEYSPACE', retryable: false, outcome: 'rejected' });
    cluster.stop(cluster.node(1));
    await expect(unknown()).rejects.toMatchObject({
      ...{ code: 'TOO_FEW_VOTERS', retryable: true, outcome: 'rejected' },
      message: expect.stringContaining('needed 2 of 3 voters, got 1') as string,
    });
  });

  it('are found at the nodes that it was given, where members cannot be reached at their own addresses', async () => {
    const topology = cluster.topology.bind(cluster);
    const inside = (): ReturnType<typeof topology> => {
      const members = topology().members.map((member, index) => ({ ...member, address: `inside-${index}:7400` }));
      return { ...topology(), members };
    };
    cluster.topology = inside;
    kv = await cluster.connect();
    const orders = kv.keyspace('orders');
    await expect(cluster.settle(orders.get('a'))).rejects.toMatchObject({ code: 'TOO_FEW_VOTERS' });
    const [first] = topology().keyspaces;
    cluster.further.push({ ...first!, id: 2, name: 'orders' });
    expect(await cluster.settle(orders.get('a'))).toBeUndefined();
  });

  it('are asked for once, however many requests wait for the answer', async () => {
    const before = cluster.nodes.flatMap((node) => node.got('topology-request')).length;
    const gets = ['a', 'b', 'c'].map((key) => kv.keyspace('none').get(key));
    expect((await cluster.settle(Promise.allSettled(gets))).map(({ status }) => status)).toEqual(
      Array(3).fill('rejected'),
    );
    expect(cluster.nodes.flatMap((node) => node.got('topology-request')).length - before).toBe(3);
  });

  it.each<[string, object]>([
    ['x'.repeat(65), {}],
    ['orders', { replicas: 300 }],
    ['orders', { replicas: 1.5 }],
    ['orders', { ttlMs: -5 }],
    ['orders', { ttlMs: 0.5 }],
    ['orders', { ttlMs: null }],
    ['orders', { mode: 'weak' }],
    ['orders', { sloppy: 'yes' }],
    ['orders', { colour: 'red' }],
  ])('are not asked for as %.10s with %o: nothing is sent', async (name, settings) => {
    const creation = kv.keyspaces.create(name, settings);
    await expect(cluster.settle(creation)).rejects.toMatchObject({ code: 'INVALID_KEYSPACE', outcome: 'rejected' });
    expect(cluster.nodes.flatMap((node) => node.got('change-keyspace'))).toEqual([]);
  });

  it('a change that no node can have decided says so, though the last one asked could not be reached', async () => {
    cluster.everywhere(() => ({ type: 'error', code: 'TOO_FEW_VOTERS', message: 'alone' }));
    cluster.stop(cluster.node(2));
    await expect(cluster.settle(kv.keyspaces.create('orders'))).rejects.toMatchObject({ code: 'TOO_FEW_VOTERS' });
  });

  it('a change that a node cannot have decided is asked of another, under the same id', async () => {
    let asked = 0;
    cluster.everywhere((message, node) => {
      asked += 1;
      return asked === 1 ? { type: 'error', code: 'TOO_FEW_VOTERS', message: 'alone' } : grown(message, node);
    });
    await cluster.settle(kv.keyspaces.create('orders'));
    const ids = cluster.nodes.flatMap((node) => node.got('change-keyspace')).map(({ id }) => id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it.each(['STAMP_TOO_FAR_AHEAD', 'OPERATION_FORGOTTEN'])(
    'a change whose id was refused as %s is asked for under another while it is certain that nobody made it',
    async (code) => {
      let asked = 0;
      cluster.everywhere((message, node) => {
        asked += 1;
        return asked === 1 ? { type: 'error', code, message: 'not this id' } : grown(message, node);
      });
      await cluster.settle(kv.keyspaces.create('orders'));
      const ids = cluster.nodes.flatMap((node) => node.got('change-keyspace')).map(({ id }) => id);
      expect(new Set(ids).size).toBe(2);
      expect(ids.map(changeIdMs).every((ms) => ms !== undefined)).toBe(true);
    },
  );

  it('a change that may have been made keeps its id, and is never said not to be made', async () => {
    let asked = 0;
    cluster.everywhere(() => {
      asked += 1;
      const code = asked === 1 ? 'CHANGE_UNKNOWN' : 'OPERATION_FORGOTTEN';
      return { type: 'error', code, message: 'it may be decided' };
    });
    await expect(cluster.settle(kv.keyspaces.create('orders', {}, { timeoutMs: 500 }))).rejects.toMatchObject({
      code: 'WRITE_UNKNOWN',
      outcome: 'unknown',
    });
    const ids = cluster.nodes.flatMap((node) => node.got('change-keyspace')).map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(1);
    expect(new Set(ids).size).toBe(1);
  });

  it('what nobody knows is said to be unknown', async () => {
    cluster.everywhere(() => ({ type: 'error', code: 'CHANGE_UNKNOWN', message: 'it may be decided' }));
    await expect(cluster.settle(kv.keyspaces.create('orders', {}, { timeoutMs: 500 }))).rejects.toMatchObject({
      code: 'WRITE_UNKNOWN',
      outcome: 'unknown',
    });
  });

  it('that make no sense are refused once and for all', async () => {
    cluster.everywhere(() => ({ type: 'error', code: 'KEYSPACE_EXISTS', message: 'there is one' }));
    await expect(cluster.settle(kv.keyspaces.create('default'))).rejects.toMatchObject({ code: 'KEYSPACE_EXISTS' });
    expect(cluster.nodes.flatMap((node) => node.got('change-keyspace'))).toHaveLength(1);
  });

  it('are dropped only by who says their name twice', async () => {
    await expect(cluster.settle(kv.keyspaces.drop('default', { confirm: 'yes' }))).rejects.toMatchObject({
      code: 'CONFIRMATION_NEEDED',
    });
    expect(cluster.nodes.flatMap((node) => node.got('change-keyspace'))).toHaveLength(0);
  });
});
