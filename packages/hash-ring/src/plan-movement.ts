/** Which copies have to be made so that one ring becomes another: to be seen before anything moves. */
import type { Copies } from './copies.ts';
import { RingError } from './errors.ts';
import type { Ring } from './ring.ts';
import type { Server } from './server.ts';
import { rangeWidth, tokenCount, type TokenRange } from './token.ts';

export interface CopyMove {
  readonly range: TokenRange;
  /** The partition of the new ring in which the range lies. */
  readonly partition: number;
  /** Who gets the copy. */
  readonly target: Server;
  /** Everyone who holds one now, best first. */
  readonly sources: readonly Server[];
  /** The one of them whose copy this replaces, of the same rack if there is one; undefined when a copy is added. */
  readonly relieved: Server | undefined;
}

export interface MovementPlan {
  readonly moves: readonly CopyMove[];
  /** The moves as a fraction of one copy of all data. */
  readonly share: number;
  /** By server id: copies that it gets and copies that it may drop, of both rings' servers. */
  readonly perServer: ReadonlyMap<string, { readonly incoming: number; readonly outgoing: number }>;
}

/**
 * Rings of equal partitions must have equally many; hashed rings are compared range by range, cut where either cuts.
 */
export function planMovement(from: Ring, to: Ring, copies: Copies): MovementPlan {
  if (from.equal !== to.equal || (from.equal && from.partitions !== to.partitions)) {
    const kind = (ring: Ring): string => `${ring.partitions} ${ring.equal ? 'equal' : 'hashed'} partitions`;
    throw new RingError('RINGS_DIFFER', `both rings must be cut alike, got ${kind(from)} and ${kind(to)}`);
  }
  const moves: CopyMove[] = [];
  const perServer = new Map<string, { incoming: number; outgoing: number }>();
  const tally = (server: Server): { incoming: number; outgoing: number } => {
    const known = perServer.get(server.id) ?? { incoming: 0, outgoing: 0 };
    perServer.set(server.id, known);
    return known;
  };
  for (const server of [...from.servers, ...to.servers]) tally(server);
  let share = 0;
  for (const range of commonRanges(from, to)) {
    const sources = from.preferenceList(range.first, copies);
    const wanted = to.preferenceList(range.first, copies);
    const leaving = sources.filter(({ id }) => !wanted.some((each) => each.id === id));
    for (const server of leaving) tally(server).outgoing++;
    for (const target of wanted.filter(({ id }) => !sources.some((each) => each.id === id))) {
      const relieved = takeRelieved(leaving, target);
      moves.push({ range, partition: to.partitionOf(range.first), target, sources, relieved });
      tally(target).incoming++;
      share += rangeWidth(range) / tokenCount;
    }
  }
  return { moves, share, perServer };
}

function takeRelieved(leaving: Server[], target: Server): Server | undefined {
  const sameRack = leaving.findIndex((each) => each.rack === target.rack && each.dataCentre === target.dataCentre);
  return leaving.splice(Math.max(sameRack, 0), 1)[0];
}

/** The ranges in which neither ring changes its owner: the partitions themselves where both are cut alike. */
function commonRanges(from: Ring, to: Ring): TokenRange[] {
  const lasts = new Set<number>();
  for (const ring of [from, to]) {
    for (let partition = 0; partition < ring.partitions; partition++) lasts.add(ring.rangeOf(partition).last);
  }
  const ordered = [...lasts].sort((a, b) => a - b);
  return ordered.map((last, i) => ({ first: ((ordered.at(i - 1) ?? last) + 1) >>> 0, last }));
}
