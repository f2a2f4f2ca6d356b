import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Copies } from '../copies.ts';
import { holdersOf } from '../clockwise-walk.ts';
import { spreadRule } from '../spread-rule.ts';
import { arbitraryServers } from '../testing/server-arbitraries.test.ts';
import { Placement } from './placement.ts';

const sorted = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b);
const counts: fc.Arbitrary<Copies> = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant({ dc0: 2, dc1: 1 }));

it('the holders follow every change and every trial taken back, as walks over the ring would find them', () => {
  fc.assert(
    fc.property(
      arbitraryServers({ maxServers: 8, maxDataCentres: 2 }),
      counts,
      fc.array(fc.tuple(fc.nat(31), fc.nat(31), fc.boolean()), { maxLength: 30 }),
      (servers, copies, swaps) => {
        const owners = Int32Array.from({ length: 32 }, (_, i) => i % servers.length);
        const rule = spreadRule(servers, copies, () => true);
        const quota = new Int32Array(servers.length);
        const placement = new Placement(owners, rule, {
          quotas: { quota, least: quota, most: quota.map(() => 32) },
          ideals: new Float64Array(servers.length),
          tolerances: new Float64Array(servers.length).fill(1),
          before: undefined,
          quotaWeight: 1,
          movementWeight: 1,
        });
        for (const [one, other, keep] of swaps) {
          const changes = [
            [one, placement.owner(other)],
            [other, placement.owner(one)],
          ] as const;
          expect(placement.try(changes, keep ? Infinity : -Infinity)).toBe(keep);
          for (let p = 0; p < 32; p++) {
            const held = Array.from({ length: rule.length }, (_, place) => placement.holder(p, place));
            expect(sorted(held)).toEqual(sorted(holdersOf(owners, p, rule)));
          }
        }
      },
    ),
    { numRuns: 40 },
  );
});
