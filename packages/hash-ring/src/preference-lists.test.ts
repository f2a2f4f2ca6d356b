import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ring, ringOf } from './ring.ts';
import type { Server } from './server.ts';
import { arbitraryServers, numbered } from './testing/server-arbitraries.test.ts';

/** Any owner table at all, not only what an allocator would make. */
const anyRing = (maxDataCentres = 0): fc.Arbitrary<Ring> =>
  arbitraryServers({ maxServers: 9, maxDataCentres }).chain((servers) =>
    fc.array(fc.nat(servers.length - 1), { minLength: 32, maxLength: 32 }).map((owners) => ringOf(servers, owners)),
  );
const ids = (servers: Iterable<Server>): string[] => [...servers].map((server) => server.id);
const rackOf = (server: Server): string => server.rack ?? `alone: ${server.id}`;

function owning(ring: Ring): Server[] {
  const owners = new Set(ring.owners());
  return ring.servers.filter((_, index) => owners.has(index));
}

function tally(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

describe('a preference list', () => {
  it('names N distinct servers, or all there are, the owner first (Dynamo §4.3)', () => {
    fc.assert(
      fc.property(anyRing(), fc.integer({ min: 1, max: 6 }), (ring, copies) => {
        for (let p = 0; p < ring.partitions; p++) {
          const list = ring.preferenceLists(copies).of(p);
          expect(new Set(ids(list)).size).toBe(Math.min(copies, owning(ring).length));
          expect(list[0]).toBe(ring.ownerOf(p));
        }
      }),
    );
  });

  it('uses racks evenly: none holds two more than another that has a server left', () => {
    fc.assert(
      fc.property(anyRing(), fc.integer({ min: 1, max: 6 }), (ring, copies) => {
        const sizes = tally(owning(ring).map(rackOf));
        for (let p = 0; p < ring.partitions; p++) {
          const used = tally(ring.preferenceLists(copies).of(p).map(rackOf));
          for (const most of used.values()) {
            for (const [rack, size] of sizes) {
              const here = used.get(rack) ?? 0;
              expect(here >= size || most - here <= 1).toBe(true);
            }
          }
        }
      }),
    );
  });

  it('without racks is the walk itself, and the fallbacks are the rest of the walk', () => {
    fc.assert(
      fc.property(anyRing(), fc.integer({ min: 1, max: 6 }), (ring, copies) => {
        const bare = ringOf(
          ring.servers.map(({ id, weight }) => ({ id, weight })),
          ring.owners(),
        );
        const lists = bare.preferenceLists(copies);
        for (let p = 0; p < bare.partitions; p++) {
          const walk = Array.from({ length: bare.partitions }, (_, i) => bare.ownerOf((p + i) % bare.partitions).id);
          expect([...ids(lists.of(p)), ...ids(lists.fallbacks(p))]).toEqual([...new Set(walk)]);
        }
      }),
    );
  });

  it('counts copies in each data centre, and leaves other data centres out', () => {
    fc.assert(
      fc.property(anyRing(3), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), (ring, some, others) => {
        const lists = ring.preferenceLists({ dc0: some, dc1: others });
        const sizes = tally(owning(ring).map((server) => server.dataCentre ?? ''));
        for (let p = 0; p < ring.partitions; p++) {
          const used = tally(lists.of(p).map((server) => server.dataCentre ?? ''));
          expect(used.get('dc0') ?? 0).toBe(Math.min(some, sizes.get('dc0') ?? 0));
          expect(used.get('dc1') ?? 0).toBe(Math.min(others, sizes.get('dc1') ?? 0));
          expect(used.get('dc2')).toBeUndefined();
        }
      }),
    );
  });

  it('skips a rack that is used while another remains, then takes the nearest of those skipped', () => {
    const racks = ['x', 'x', 'y', 'x'];
    const ring = ringOf(
      numbered(4, (i) => ({ rack: racks[i]! })),
      [0, 1, 2, 3],
    );
    expect(ids(ring.preferenceLists(2).of(0))).toEqual(['s00', 's02']);
    expect(ids(ring.preferenceLists(3).of(0))).toEqual(['s00', 's02', 's01']);
    expect(ids(ring.preferenceLists(2).fallbacks(0))).toEqual(['s01', 's03']);
  });

  it('takes the same rack name in two data centres for two racks', () => {
    const ring = ringOf(
      numbered(3, (i) => ({ rack: 'x', dataCentre: `dc${i % 2}` })),
      [0, 2, 1, 1],
    );
    expect(ids(ring.preferenceLists(2).of(0))).toEqual(['s00', 's01']);
  });

  it('cannot be changed by whoever reads it', () => {
    const list = ringOf(numbered(3), [0, 1, 2, 0]).preferenceLists(2).of(0) as Server[];
    expect(() => list.reverse()).toThrow(TypeError);
    expect(() => Object.assign(list[0]!, { weight: 9 })).toThrow(TypeError);
  });
});
