import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planMovement } from './plan-movement.ts';
import { ringOf } from './ring.ts';
import { shares } from './shares.ts';
import { numbered } from './testing/server-arbitraries.test.ts';

const tables = fc.array(fc.nat(5), { minLength: 16, maxLength: 16 });

describe('a movement plan', () => {
  it('makes of the holders before exactly the holders after', () => {
    fc.assert(
      fc.property(tables, tables, fc.integer({ min: 1, max: 4 }), (before, after, copies) => {
        const [from, to] = [ringOf(numbered(6), before), ringOf(numbered(6), after)];
        const plan = planMovement(from, to, copies);
        for (let p = 0; p < 16; p++) {
          const held = new Set(from.preferenceLists(copies).of(p));
          for (const move of plan.moves.filter(({ partition }) => partition === p)) {
            expect(move.sources).toEqual(from.preferenceLists(copies).of(p));
            expect(move.range).toEqual(to.rangeOf(p));
            expect([...held].some(({ id }) => id === move.target.id)).toBe(false);
            held.add(move.target);
            if (move.relieved !== undefined) held.delete(move.relieved);
          }
          const wanted = to
            .preferenceLists(copies)
            .of(p)
            .map(({ id }) => id);
          const kept = [...held].map(({ id }) => id);
          expect(wanted.every((id) => kept.includes(id))).toBe(true);
        }
      }),
    );
  });

  it('counts by server what comes and what may go', () => {
    fc.assert(
      fc.property(tables, tables, (before, after) => {
        const [from, to] = [ringOf(numbered(6), before), ringOf(numbered(6), after)];
        const plan = planMovement(from, to, 3);
        const copies = (ring: typeof from): Map<string, number> =>
          new Map(shares(ring, 3).map((share) => [share.server.id, share.copies]));
        for (const [id, { incoming, outgoing }] of plan.perServer) {
          expect(copies(from).get(id)! + incoming - outgoing).toBe(copies(to).get(id));
        }
        expect(plan.share).toBeCloseTo(plan.moves.length / 16, 9);
      }),
    );
  });

  it('relieves a server of the rack of the one that takes over', () => {
    const servers = numbered(4, (i) => ({ rack: i % 2 === 0 ? 'x' : 'y' }));
    const from = ringOf(servers.slice(0, 2), [0, 1]);
    const to = ringOf(servers, [2, 1]);
    expect(planMovement(from, to, 2).moves.map((move) => [move.target.id, move.relieved?.id])).toEqual([
      ['s02', 's00'],
      ['s02', 's00'],
    ]);
  });

  it('is empty from a ring to itself, and names nobody to relieve where copies are added', () => {
    const one = ringOf(numbered(1), [0, 0]);
    expect(planMovement(one, one, 3).moves).toEqual([]);
    const moves = planMovement(one, ringOf(numbered(2), [0, 1]), 3).moves;
    expect(moves.map((move) => move.relieved)).toEqual([undefined, undefined]);
  });

  it('refuses rings that are cut differently', () => {
    const rings = [ringOf(numbered(1), [0]), ringOf(numbered(1), [0, 0])] as const;
    expect(() => planMovement(...rings, 1)).toThrow(expect.objectContaining({ code: 'RINGS_DIFFER' }) as Error);
  });
});
