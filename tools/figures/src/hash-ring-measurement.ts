/** How evenly the hash ring shares, and what a join and a leave move, at a few sizes. */
import { allocate, idealCopies, planMovement, type Ring, type Server, shares } from '@kv/hash-ring';

export interface RingFigures {
  readonly servers: number;
  readonly weights: string;
  /** Of all servers the least and the most, relative to the exact weight share. */
  readonly primaries: Extremes;
  /** The same, relative to the ideal copies. */
  readonly copies: Extremes;
  /** Copies moved, relative to the sum of what the ideals of the gaining servers ask for. */
  readonly join: number;
  readonly leave: number;
}

export interface Extremes {
  readonly least: number;
  readonly most: number;
}

const copies = 3;
export const partitions = 256;

export function measureRings(sizes: readonly number[]): RingFigures[] {
  return sizes.flatMap((size) => [measure(size, 'equal', [1]), measure(size, '1:2:4', [1, 2, 4])]);
}

function measure(size: number, weights: string, cycle: readonly number[]): RingFigures {
  const some = (count: number): Server[] =>
    Array.from({ length: count }, (_, i) => ({
      id: `s${String(i).padStart(2, '0')}`,
      weight: cycle[i % cycle.length] ?? 1,
    }));
  const ring = allocate({ servers: some(size), partitions, copies });
  const total = ring.servers.reduce((sum, server) => sum + server.weight, 0);
  const ideals = idealCopies(ring.servers, partitions, copies);
  const held = shares(ring, copies);
  return {
    servers: size,
    weights,
    primaries: extremes(held.map(({ server, primaries }) => primaries / ((server.weight / total) * partitions))),
    copies: extremes(held.map((share) => share.copies / (ideals.get(share.server.id) ?? 1))),
    join: moved(ring, allocate({ servers: some(size + 1), copies, previous: ring })),
    leave: moved(ring, allocate({ servers: some(size - 1), copies, previous: ring })),
  };
}

function extremes(ratios: readonly number[]): Extremes {
  return { least: Math.min(...ratios), most: Math.max(...ratios) };
}

/** With no ideal rising there is nothing to move, as on the leave that makes three servers two. */
function moved(from: Ring, to: Ring): number {
  const before = idealCopies(from.servers, partitions, copies);
  let asked = 0;
  for (const [id, ideal] of idealCopies(to.servers, partitions, copies)) {
    asked += Math.max(0, ideal - (before.get(id) ?? 0));
  }
  const { length } = planMovement(from, to, copies).moves;
  return asked < 1e-6 && length === 0 ? 1 : length / asked;
}
