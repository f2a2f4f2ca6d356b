import { allocate, tokenOf } from '@kv/hash-ring';
import type { Topology } from '@kv/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TopologyView } from './topology-view.ts';

const clusterId = '11111111-1111-4111-8111-111111111111';

/** As a node tells it: its own ring, with the owners as indices into the members in whatever order it lists them. */
function topologyOf(
  members: Topology['members'],
  replicas: number,
): { message: Topology; holders: (key: Uint8Array) => string[] } {
  const ring = allocate({ servers: members, partitions: 64, copies: replicas });
  const place = new Map(members.map(({ id }, index) => [id, index]));
  const owners = Array.from(ring.owners(), (index) => place.get(ring.servers[index]?.id ?? '') ?? -1);
  const keyspaces = [
    {
      id: 9,
      name: 'default',
      replicas,
      mode: 'eventual',
      conflict: 'last-write-wins',
      sloppy: true,
      readLevel: 'quorum',
      writeLevel: 'quorum',
      compressed: true,
      since: 1,
    } as const,
  ];
  return {
    message: {
      type: 'topology',
      epoch: 3,
      clusterId,
      partitions: 64,
      members,
      owners,
      keyspaces,
      nextKeyspaceId: 10,
      voters: [],
      changes: [],
    },
    holders: (key) => ring.preferenceList(tokenOf(key), replicas).map(({ id }) => addressOf(id)),
  };
}

const idOf = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
const addressOf = (id: string): string => `10.0.0.${Number(id.slice(-12))}:7400`;

const members = fc
  .array(fc.record({ weight: fc.constantFrom(1, 2, 4), rack: fc.constantFrom('r1', 'r2', 'r3') }), {
    minLength: 1,
    maxLength: 8,
  })
  .chain((shapes) =>
    fc.shuffledSubarray(
      shapes.map((shape, index) => ({
        ...shape,
        id: idOf(index),
        name: `node-${index}`,
        address: addressOf(idOf(index)),
      })),
      { minLength: shapes.length },
    ),
  );

describe('the route of a request', () => {
  it('begins with the replicas of its key, in the order of the ring that the nodes use', () => {
    const keys = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(members, fc.integer({ min: 1, max: 5 }), keys, (all, asked, someKeys) => {
        const replicas = Math.min(asked, all.length);
        const { message, holders } = topologyOf(all, replicas);
        const view = new TopologyView(message, []);
        for (const key of someKeys) {
          const route = view.route('default', key, { name: 'r', number: undefined });
          expect(route.addresses.slice(0, replicas)).toEqual(holders(key));
          expect([...route.addresses].sort()).toEqual(all.map(({ address }) => address).sort());
        }
      }),
      { numRuns: 60 },
    );
  });

  it('places keys with the same tag together', () => {
    const all = Array.from({ length: 6 }, (_, index) => ({
      id: idOf(index),
      name: `node-${index}`,
      address: addressOf(idOf(index)),
      weight: 1,
    }));
    const view = new TopologyView(topologyOf(all, 3).message, []);
    const routeOf = (key: string): readonly string[] =>
      view.route('default', new TextEncoder().encode(key), { name: 'r', number: undefined }).addresses;
    expect(routeOf('{user:1}:name')).toEqual(routeOf('{user:1}:mail'));
    const routes = new Set(Array.from({ length: 50 }, (_, number) => routeOf(`key-${number}`).slice(0, 3).join()));
    expect(routes.size).toBeGreaterThan(5);
  });

  it('ends with the addresses that the client was given', () => {
    const all = [{ id: idOf(0), name: 'node-0', address: 'a:1', weight: 1 }];
    const view = new TopologyView(topologyOf(all, 1).message, ['b:2', 'a:1']);
    expect(view.route('default', Uint8Array.of(1), { name: 'w', number: 1 })).toMatchObject({
      keyspaceId: 9,
      epoch: 3,
      needed: 1,
      addresses: ['a:1', 'b:2'],
    });
  });
});
