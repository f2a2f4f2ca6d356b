import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idealCopies } from './ideal-copies.ts';
import { arbitraryServers, numbered } from './testing/server-arbitraries.test.ts';

const values = (ideals: ReadonlyMap<string, number>): number[] => [...ideals.values()];

describe('ideal copies', () => {
  it('are the weight share of all copies while nothing bounds them', () => {
    expect(
      values(
        idealCopies(
          numbered(4, (i) => ({ weight: i + 1 })),
          256,
          2,
        ),
      ),
    ).toEqual([51.2, 102.4, 153.6, 204.8]);
  });

  it('are at most one per partition; the others share the rest by weight', () => {
    const weights = [8, 1, 1, 2];
    expect(
      values(
        idealCopies(
          numbered(4, (i) => ({ weight: weights[i]! })),
          256,
          3,
        ),
      ),
    ).toEqual([256, 128, 128, 256]);
  });

  it('are one per partition in each of as many racks as copies, however the weights lie', () => {
    const servers = numbered(5, (i) => ({ rack: i === 0 ? 'small' : 'large' }));
    expect(values(idealCopies(servers, 256, 2))).toEqual([256, 64, 64, 64, 64]);
  });

  it('are even over racks by turns where there are fewer racks than copies', () => {
    const servers = numbered(6, (i) => ({ rack: i < 2 ? 'x' : 'y' }));
    expect(values(idealCopies(servers, 64, 3))).toEqual([32, 32, 32, 32, 32, 32]);
    expect(values(idealCopies(servers, 64, 4))).toEqual([64, 64, 32, 32, 32, 32]);
  });

  it('are counted in each data centre', () => {
    const servers = numbered(5, (i) => ({ dataCentre: i < 2 ? 'west' : 'east' }));
    expect(values(idealCopies(servers, 64, { west: 2, east: 1 }))).toEqual([64, 64, 21.333333, 21.333333, 21.333333]);
    expect(values(idealCopies(servers, 64, { west: 1 }))).toEqual([32, 32, 0, 0, 0]);
  });

  it('add up to all copies, and grow with the weight within a rack', () => {
    fc.assert(
      fc.property(arbitraryServers({ maxServers: 30 }), fc.integer({ min: 1, max: 5 }), (servers, copies) => {
        const ideals = idealCopies(servers, 256, copies);
        const sum = [...ideals.values()].reduce((total, each) => total + each, 0);
        expect(sum).toBeCloseTo(256 * Math.min(copies, servers.length), 3);
        for (const one of servers) {
          expect(ideals.get(one.id)!).toBeGreaterThan(0);
          expect(ideals.get(one.id)!).toBeLessThanOrEqual(256);
          for (const other of servers) {
            if (one.rack !== other.rack || one.weight < other.weight) continue;
            expect(ideals.get(one.id)!).toBeGreaterThanOrEqual(ideals.get(other.id)! - 1e-5);
          }
        }
      }),
    );
  });
});
