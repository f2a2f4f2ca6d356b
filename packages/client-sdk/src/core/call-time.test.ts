import { beforeEach, describe, expect, it } from 'vitest';
import { FakeCluster } from '../testing/fake-cluster.ts';
import type { KvClient } from './client.ts';
import type { Keyspace } from './keyspace.ts';
import type { CallOptions } from './options.ts';

let cluster: FakeCluster;
let kv: KvClient;
let orders: Keyspace;

beforeEach(async () => {
  cluster = new FakeCluster();
  kv = await cluster.connect();
  orders = kv.keyspace('orders');
});

function addOrders(): void {
  const [first] = cluster.topology().keyspaces;
  cluster.further.push({ ...first!, id: 2, name: 'orders' });
}

const asked = (): number => cluster.nodes.flatMap((node) => node.got('topology-request')).length;

type Options = Pick<CallOptions, 'timeoutMs' | 'signal'>;
const calls: readonly [string, (options: Options) => Promise<unknown>, 'rejected' | undefined][] = [
  ['get', (options) => orders.get('a', options), undefined],
  ['getSiblings', (options) => orders.getSiblings('a', options), undefined],
  ['scanPage', (options) => orders.scanPage(options), undefined],
  ['set', (options) => orders.set('a', 1, options), 'rejected'],
  ['delete', (options) => orders.delete('a', options), 'rejected'],
  ['update', (options) => orders.update('a', () => 1, options), 'rejected'],
];

describe('a call to a keyspace that is not known yet', () => {
  beforeEach(() => {
    cluster.node(1).isDumb = true;
    cluster.node(2).isDumb = true;
  });

  it.each(calls)('ends by its deadline: %s', async (_, call, outcome) => {
    const startedAt = cluster.time.now;
    const error = await cluster.failure(call({ timeoutMs: 200 }));
    expect(error).toMatchObject({ code: 'TIMEOUT', outcome, retryable: true });
    expect(error.message).toBe('nobody told within 200 ms whether there is a keyspace "orders"');
    expect(cluster.time.now - startedAt).toBeLessThanOrEqual(200);
    await cluster.time.pass(4000);
  });

  it.each(calls)('ends when its signal says so: %s', async (_, call, outcome) => {
    const abort = new AbortController();
    const startedAt = cluster.time.now;
    cluster.time.set(10, () => abort.abort(new Error('enough')));
    const error = await cluster.failure(call({ signal: abort.signal }));
    expect(error).toMatchObject({ code: 'ABORTED', outcome, cause: new Error('enough') });
    expect(cluster.time.now - startedAt).toBeLessThanOrEqual(11);
    await cluster.time.pass(4000);
  });

  it.each(calls)('asks nobody when its signal or its timeout forbids: %s', async (_, call, outcome) => {
    const before = asked();
    const signal = AbortSignal.abort('enough');
    expect(await cluster.failure(call({ signal }))).toMatchObject({ code: 'ABORTED', outcome, cause: 'enough' });
    expect(await cluster.failure(call({ timeoutMs: 0 }))).toMatchObject({ code: 'INVALID_TIMEOUT', outcome });
    await cluster.time.pass(10);
    expect(asked()).toBe(before);
  });

  it.each(calls)('ends when the client is closed, before or meanwhile: %s', async (_, call, outcome) => {
    const error = cluster.failure(call({}));
    cluster.time.set(10, () => void kv.close());
    expect(await error).toMatchObject({ code: 'CLOSED', outcome, retryable: false });
    expect(await cluster.failure(call({}))).toMatchObject({ code: 'CLOSED', outcome });
    await cluster.time.pass(10);
    expect(cluster.time.pending).toBe(0);
  });

  it('takes nothing from others that wait for the same keyspace', async () => {
    const abort = new AbortController();
    const ended = cluster.failure(orders.get('a', { signal: abort.signal }));
    const other = orders.get('a');
    cluster.time.set(10, () => abort.abort());
    expect((await ended).code).toBe('ABORTED');
    addOrders();
    cluster.time.set(100, () => cluster.greet(cluster.node(1)));
    expect(await cluster.settle(other)).toBeUndefined();
  });
});

describe('the time of a call', () => {
  it('counts from its beginning, though it had to find its keyspace first', async () => {
    addOrders();
    for (const node of cluster.nodes) node.isDumb = true;
    cluster.everywhere(() => 'silence');
    cluster.time.set(1000, () => cluster.greet(cluster.node(1)));
    const startedAt = cluster.time.now;
    const error = await cluster.failure(orders.set('a', 1, { timeoutMs: 1500 }));
    expect(error).toMatchObject({ code: 'WRITE_UNKNOWN', outcome: 'unknown' });
    expect(error.message).toContain('no answer within 1500 ms');
    expect(cluster.time.now - startedAt).toBe(1500);
    const told = cluster.nodes.flatMap(({ received }) => received.map(({ header }) => header.deadlineMs));
    expect(Math.max(...told)).toBeLessThanOrEqual(500);
  });

  it('counts from its beginning, though a schema took some of it', async () => {
    cluster.everywhere(() => 'silence');
    const validate = (value: unknown): Promise<{ value: unknown }> =>
      new Promise((resolve) => cluster.time.set(400, () => resolve({ value })));
    const slow = kv.keyspace('default', { schema: { '~standard': { version: 1, vendor: 'test', validate } } });
    const startedAt = cluster.time.now;
    expect((await cluster.failure(slow.set('a', 1, { timeoutMs: 600 }))).code).toBe('WRITE_UNKNOWN');
    expect(cluster.time.now - startedAt).toBe(600);
    expect(await cluster.failure(slow.set('a', 1, { timeoutMs: 300 }))).toMatchObject({
      ...{ code: 'TIMEOUT', outcome: 'rejected' },
    });
  });

  it('is kept by what tells and changes the keyspaces too', async () => {
    for (const node of cluster.nodes) node.isDumb = true;
    const startedAt = cluster.time.now;
    expect(await cluster.failure(kv.keyspaces.list({ timeoutMs: 200 }))).toMatchObject({ code: 'TIMEOUT' });
    expect(cluster.time.now - startedAt).toBe(200);
    const abort = new AbortController();
    const [list, create] = [
      cluster.failure(kv.keyspaces.list({ signal: abort.signal })),
      cluster.failure(kv.keyspaces.create('more', {}, { signal: abort.signal })),
    ];
    cluster.time.set(10, () => abort.abort('enough'));
    expect(await list).toMatchObject({ code: 'ABORTED', outcome: undefined, cause: 'enough' });
    expect(await create).toMatchObject({ code: 'ABORTED', outcome: 'unknown' });
    const closed = cluster.failure(kv.keyspaces.list());
    await kv.close();
    expect((await closed).code).toBe('CLOSED');
    expect((await cluster.failure(kv.keyspaces.list())).code).toBe('CLOSED');
  });
});
