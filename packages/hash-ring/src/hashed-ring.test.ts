import { describe, expect, it } from 'vitest';
import { hashedRing } from './hashed-ring.ts';
import { planMovement } from './plan-movement.ts';
import { shares } from './shares.ts';
import { numbered } from './testing/server-arbitraries.test.ts';

describe('the ring of hashed tokens', () => {
  it('is the same for the same servers in any order', () => {
    const servers = numbered(7, (i) => ({ weight: 1 + i / 2 }));
    expect(hashedRing({ servers: [...servers].reverse() })).toEqual(hashedRing({ servers }));
  });

  it('gives shares near the weights, nearer with more virtual nodes', () => {
    const servers = numbered(10, (i) => ({ weight: [1, 2, 4][i % 3]! }));
    const total = servers.reduce((sum, server) => sum + server.weight, 0);
    const worst = (vnodesPerWeight: number): number =>
      Math.max(
        ...shares(hashedRing({ servers, vnodesPerWeight }), 1).map(({ server, primaryShare }) =>
          Math.abs(primaryShare / (server.weight / total) - 1),
        ),
      );
    expect(worst(1000)).toBeLessThan(0.15);
    expect(worst(1000)).toBeLessThan(worst(10));
  });

  it('moves on a join only what the joiner gets, without knowing the ring before (Karger 1997: monotone)', () => {
    const before = hashedRing({ servers: numbered(5) });
    const after = hashedRing({ servers: numbered(6) });
    const plan = planMovement(before, after, 3);
    expect(new Set(plan.moves.map((move) => move.target.id))).toEqual(new Set(['s05']));
    const share = shares(after, 3).find(({ server }) => server.id === 's05')!.copyShare;
    expect(plan.share).toBeCloseTo(share, 9);
  });

  it('gives a token that two servers hash to to the lower id, and every server at least one virtual node', () => {
    const ring = hashedRing({ servers: numbered(2, () => ({ weight: 0.001 })), hash: () => 7 });
    expect(ring.partitions).toBe(1);
    expect(ring.ownerOf(0).id).toBe('s00');
    expect(ring.rangeOf(0)).toEqual({ first: 8, last: 7 });
    expect(ring.partitionOf(8)).toBe(0);
  });
});
