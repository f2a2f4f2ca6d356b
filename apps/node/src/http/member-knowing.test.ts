import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send } from '../testing/raw-http.ts';
import { TestCluster } from '../testing/test-cluster.ts';

describe('a node that can ask no majority of the voters', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.start({ nodes: 1, absent: ['127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:3'] });
  });
  afterAll(() => cluster.close());

  it.each([
    ['GET', '/v1/keyspaces/new'],
    ['GET', '/v1/keyspaces/new/keys/a'],
    ['PUT', '/v1/keyspaces/new/keys/a'],
    ['DELETE', '/v1/keyspaces/new/keys/a'],
    ['GET', '/v1/keyspaces/new/keys'],
    ['POST', '/v1/keyspaces/new/batch'],
  ])('answers %s %s of a keyspace that it does not know with 503, and not that there is none', async (method, path) => {
    const answer = await send({ port: cluster.ports[0] ?? 0, path, method });
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'TOO_FEW_VOTERS', outcome: 'rejected' });
    expect(answer.status).toBe(503);
    expect(answer.headers['kv-outcome']).toBe('rejected');
  });

  it('refuses to make one, and says whose word it needs', async () => {
    const answer = await send({ port: cluster.ports[0] ?? 0, path: '/v1/keyspaces/new?timeout=300', method: 'PUT' });
    const problem = JSON.parse(answer.body.toString()) as { detail: string };
    expect(problem).toMatchObject({ code: 'TOO_FEW_VOTERS', outcome: 'rejected' });
    expect(problem.detail).toContain('2 of node-1, node-2, node-3 decide about the topology');
  });

  it('says who the voters are', async () => {
    const answer = await send({ port: cluster.ports[0] ?? 0, path: '/v1/cluster/status' });
    const { members } = JSON.parse(answer.body.toString()) as { members: { name: string; voter: boolean }[] };
    expect(members.map(({ name, voter }) => `${name} ${voter}`)).toEqual([
      'node-1 true',
      'node-2 true',
      'node-3 true',
      'node-4 false',
    ]);
  });
});
