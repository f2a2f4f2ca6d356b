import { beforeEach, describe, expect, it } from 'vitest';
import { FakeCluster } from '../testing/fake-cluster.ts';
import { connectWith, type KvClient } from './client.ts';
import type { Keyspace } from './keyspace.ts';

let cluster: FakeCluster;
let kv: KvClient;
let values: Keyspace;

beforeEach(async () => {
  cluster = new FakeCluster();
  kv = await cluster.connect();
  values = kv.keyspace();
});

describe('connect', () => {
  it('learns the members from one of them', () => {
    expect(kv.cluster.members.map(({ name, address }) => `${name} ${address}`)).toEqual([
      'node-1 127.0.0.1:7400',
      'node-2 127.0.0.1:7401',
      'node-3 127.0.0.1:7402',
    ]);
    expect(kv.cluster).toMatchObject({ epoch: 1, keyspaces: [{ name: 'default', replicas: 3 }] });
  });

  it('takes the first address that answers', async () => {
    cluster.stop(cluster.node(0));
    const other = await cluster.settle(
      connectWith(cluster.ports, { nodes: ['127.0.0.1:9', '127.0.0.1:7400', '127.0.0.1:7402'] }),
    );
    expect(other.cluster.members).toHaveLength(3);
  });

  it('names every address that it tried, and asks whether the cluster runs', async () => {
    for (const node of cluster.nodes) cluster.stop(node);
    const error = await cluster.failure(connectWith(cluster.ports, 'kv://127.0.0.1:7400,127.0.0.1:7401'));
    expect(error.code).toBe('UNREACHABLE');
    expect(error.message).toBe(
      'no node answered at 127.0.0.1:7400 (connection refused), 127.0.0.1:7401 (connection refused): ' +
        'is it running? npm start',
    );
  });

  it('gives up on a node that never says hello', async () => {
    cluster.node(0).isDumb = true;
    const error = await cluster.failure(connectWith(cluster.ports, 'kv://127.0.0.1:7400'));
    expect(error.message).toContain('127.0.0.1:7400 (no hello in 2000 ms)');
  });

  it('leaves no timer behind', async () => {
    await cluster.settle(values.set('a', 1));
    await kv.close();
    await cluster.time.pass(10);
    expect(cluster.time.pending).toBe(0);
  });
});

describe('a call', () => {
  it('names what is wrong with its keyspace or its key', async () => {
    const unknown = await cluster.failure(kv.keyspace('nowhere').get('a'));
    expect(unknown).toMatchObject({
      code: 'UNKNOWN_KEYSPACE',
      message: 'there is no keyspace "nowhere"; there is default',
    });
    expect((await cluster.failure(values.get(''))).code).toBe('KEY_EMPTY');
    expect((await cluster.failure(values.set('x'.repeat(4097), 1))).code).toBe('KEY_TOO_LONG');
    expect((await cluster.failure(values.delete('\ud800'))).code).toBe('KEY_INVALID');
  });

  it('ends when its signal says so, and says what is known', async () => {
    cluster.everywhere(() => 'silence');
    const abort = new AbortController();
    const write = cluster.failure(values.set('a', 1, { signal: abort.signal }));
    cluster.time.set(10, () => abort.abort(new Error('enough')));
    expect(await write).toMatchObject({ code: 'ABORTED', outcome: 'unknown', cause: new Error('enough') });
    const early = await cluster.failure(values.set('a', 1, { signal: abort.signal }));
    expect(early).toMatchObject({ code: 'ABORTED', outcome: 'rejected' });
  });

  it('fails when the client is closed, before or meanwhile', async () => {
    cluster.everywhere(() => 'silence');
    const read = cluster.failure(values.get('a'));
    const write = cluster.failure(values.set('a', 1));
    cluster.time.set(10, () => void kv.close());
    expect((await read).code).toBe('CLOSED');
    expect(await write).toMatchObject({ code: 'WRITE_UNKNOWN', outcome: 'unknown' });
    expect((await cluster.failure(values.get('a'))).code).toBe('CLOSED');
  });

  it('is disposed of with its scope', async () => {
    {
      await using other = await cluster.settle(connectWith(cluster.ports, 'kv://127.0.0.1:7401'));
      expect(await cluster.settle(other.keyspace().get('a'))).toBeUndefined();
    }
    await cluster.time.pass(1);
  });
});

describe('a cluster that changes', () => {
  /** A link to every node, made by asking each key of many. */
  async function useEveryNode(): Promise<void> {
    for (let number = 0; number < 10; number += 1) await cluster.settle(values.set(`k${number}`, number));
  }

  it('is asked again who it is after a node was lost, and calls follow the node to its new address', async () => {
    await useEveryNode();
    const [moving] = cluster.nodes;
    if (moving === undefined) throw new Error('there are nodes');
    cluster.stop(moving);
    moving.address = '127.0.0.1:7999';
    moving.isUp = true;
    moving.received.length = 0;
    await cluster.time.pass(2000);
    await useEveryNode();
    await useEveryNode();
    expect(cluster.dials).toContain('127.0.0.1:7999');
    expect(moving.got('put').length).toBeGreaterThan(0);
  });

  it('is asked again when a frame shows a newer epoch, once', async () => {
    cluster.epoch = 2;
    await Promise.all([cluster.settle(values.set('a', 1)), cluster.settle(values.set('b', 1))]);
    await cluster.time.pass(10);
    expect(kv.cluster.epoch).toBe(2);
    const requests = cluster.nodes.flatMap((node) => node.got('topology-request'));
    expect(requests).toHaveLength(2);
  });

  it('a node of another cluster at a known address is not talked to', async () => {
    const imposter = cluster.node(0);
    imposter.clusterId = '22222222-2222-4222-8222-222222222222';
    cluster.stop(imposter);
    imposter.isUp = true;
    imposter.received.length = 0;
    for (let number = 0; number < 10; number += 1) await cluster.settle(values.set(`k${number}`, number));
    expect(imposter.received).toEqual([]);
  });
});
