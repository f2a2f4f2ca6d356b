/** Arbitrary servers for property tests, shrinking to few, equal and without racks. */
import fc from 'fast-check';
import type { Server } from '../server.ts';

export interface ServersShape {
  readonly minServers?: number;
  readonly maxServers?: number;
  /** How many racks servers may lie in; 0 means that none has a rack. Drawn at random, so racks are uneven. */
  readonly maxRacks?: number;
  readonly maxDataCentres?: number;
}

/** Weights are all equal, or 1, 2 and 4, or anything from 1 to 8. */
const weights: fc.Arbitrary<fc.Arbitrary<number>> = fc.constantFrom(
  fc.constant(1),
  fc.constantFrom(1, 2, 4),
  fc.integer({ min: 100, max: 800 }).map((hundredths) => hundredths / 100),
);

export function arbitraryServers(shape: ServersShape = {}): fc.Arbitrary<Server[]> {
  const { minServers = 1, maxServers = 12, maxRacks = 6, maxDataCentres = 0 } = shape;
  return fc
    .tuple(weights, fc.integer({ min: 0, max: maxRacks }), fc.integer({ min: 0, max: maxDataCentres }))
    .chain(([weight, racks, dataCentres]) => {
      const server = fc.record({
        weight,
        rack: fc.nat(Math.max(0, racks - 1)),
        dc: fc.nat(Math.max(0, dataCentres - 1)),
      });
      return fc.array(server, { minLength: minServers, maxLength: maxServers }).map((drawn) =>
        drawn.map((each, i) => ({
          id: `s${i}`,
          weight: each.weight,
          ...(racks > 0 ? { rack: `r${each.rack}` } : {}),
          ...(dataCentres > 0 ? { dataCentre: `dc${each.dc}` } : {}),
        })),
      );
    });
}

/** Servers by number, equal but for what is said. */
export function numbered(count: number, more: (index: number) => Partial<Server> = () => ({})): Server[] {
  return Array.from({ length: count }, (_, i) => ({ id: `s${String(i).padStart(2, '0')}`, weight: 1, ...more(i) }));
}
