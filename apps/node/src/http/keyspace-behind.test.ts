/** A change that some members do not go by yet is made all the same: 202, and who they are. */
import { Readable } from 'node:stream';
import type { ClusterNode, TopologyChangeResult } from '@kv/cluster-node';
import type { TopologyKeyspace, TopologyState } from '@kv/wire';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { addKeyspaceRoutes } from './keyspace-routes.ts';

const ids = [1, 2, 3].map((n) => `00000000-0000-4000-8000-00000000000${n}`);
const keyspace: TopologyKeyspace = {
  id: 2,
  name: 'orders',
  replicas: 3,
  mode: 'eventual',
  conflict: 'last-write-wins',
  sloppy: true,
  readLevel: 'quorum',
  writeLevel: 'quorum',
  compressed: true,
  since: 2,
};
const topology: TopologyState = {
  ...{ epoch: 2, clusterId: ids[0]!, partitions: 1, owners: [0], nextKeyspaceId: 3, voters: ids, changes: [] },
  members: ids.map((id, index) => ({ id, name: `nœud-${index + 1}`, address: 'a:1', weight: 1 })),
  keyspaces: [keyspace],
};

async function ask(method: string, behind: readonly string[]): Promise<{ status: number; behind: string | null }> {
  const changeKeyspace = (_: unknown, done: (result: TopologyChangeResult) => void): void =>
    done({ outcome: 'changed', topology, behind });
  const app = new Hono<{ Bindings: HttpBindings }>();
  addKeyspaceRoutes(app, {
    member: () => ({
      topology: { state: topology } as ClusterNode['topology'],
      refreshTopology: (done) => done(undefined),
      changeKeyspace,
    }),
  });
  const url = '/v1/keyspaces/orders?confirm=orders';
  const target = method === 'DELETE' ? url : '/v1/keyspaces/orders';
  const incoming = Object.assign(Readable.from([]), { url: target, headers: {} });
  const answer = await app.fetch(new Request(`http://x${url}`, { method }), { incoming });
  return { status: answer.status, behind: answer.headers.get('kv-behind') };
}

describe('a change of a keyspace', () => {
  it.each([
    ['PUT', 201],
    ['PATCH', 200],
    ['DELETE', 204],
  ])('by %s is answered %i where every member goes by it, else 202 with their names', async (method, status) => {
    expect(await ask(method, [])).toEqual({ status, behind: null });
    expect(await ask(method, [ids[2]!])).toEqual({ status: 202, behind: '["n\\u0153ud-3"]' });
  });
});
