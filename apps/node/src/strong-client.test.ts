import { connect, type KvClient } from '@kv/client-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send } from './testing/raw-http.ts';
import { TestCluster } from './testing/test-cluster.ts';

let cluster: TestCluster;
let clients: readonly KvClient[];

beforeAll(async () => {
  cluster = await TestCluster.start({ keyspaces: [{ id: 2, name: 'strong', replicas: 3, mode: 'strong' }] });
  const addresses = cluster.ports.map((port) => `127.0.0.1:${port}`);
  const connecting = Array.from({ length: 8 }, (_, i) =>
    connect({ nodes: [addresses[i % 3] ?? ''], timeoutMs: 20_000 }),
  );
  clients = await Promise.all(connecting);
});
afterAll(async () => {
  for (const client of clients) await client.close();
  await cluster.close();
});

describe('clients of a strong keyspace', () => {
  it('never lose an update of one counter, nor win twice from one version (T18)', { timeout: 60_000 }, async () => {
    const add = async (client: KvClient): Promise<void> => {
      const counters = client.keyspace<number>('strong');
      for (let count = 0; count < 10; count += 1) await counters.update('counter', (current = 0) => current + 1);
    };
    await Promise.all(clients.map(add));
    expect(await clients[0]?.keyspace('strong').get('counter')).toBe(80);
    const created = clients.map((client) =>
      client
        .keyspace('strong')
        .set('lock', 'mine', { ifAbsent: true })
        .then(
          () => 'applied',
          (error: unknown) => (error as { code: string }).code,
        ),
    );
    expect((await Promise.all(created)).sort()).toEqual([...Array<string>(7).fill('CONFLICT'), 'applied']);
  });

  it('and HTTP see one another: a version of the one is a condition of the other', async () => {
    const [client] = clients;
    const values = client!.keyspace('strong');
    const port = cluster.ports[2] ?? 0;
    const path = '/v1/keyspaces/strong/keys/shared';
    const { version } = await values.set('shared', { from: 'sdk' });
    const headers = { 'content-type': 'application/json', 'if-match': `"${version}"` };
    const put = await send({ port, path, method: 'PUT', body: '{"from":"http"}', headers });
    expect(put.status).toBe(204);
    const entry = await values.getEntry('shared');
    expect(entry).toMatchObject({ found: true, value: { from: 'http' }, version: put.headers['kv-version'] });
    await expect(values.delete('shared', { ifMatch: version })).rejects.toMatchObject({
      code: 'CONFLICT',
      version: put.headers['kv-version'],
    });
    expect((await values.delete('shared', { ifMatch: entry.version })).outcome).toBe('applied');
    expect((await send({ port, path })).status).toBe(404);
  });
});
