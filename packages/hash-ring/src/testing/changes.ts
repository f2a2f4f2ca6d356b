/**
 * Sequences of joins and leaves, and what each did, measured by the definitions and not by the allocator's own books.
 */
import { allocate } from '../allocate.ts';
import { idealCopies } from '../ideal-copies.ts';
import { planMovement } from '../plan-movement.ts';
import type { Ring } from '../ring.ts';
import type { Server } from '../server.ts';
import { shares } from '../shares.ts';

export interface Balance {
  /** Servers that own neither the floor nor the ceiling of their exact weight share. */
  readonly offQuota: readonly string[];
  /** The greatest distance of a server's copies from its ideal, in units of max(5 %, 2 copies). */
  readonly worstDeviation: number;
}

export function balanceOf(ring: Ring, copies: number): Balance {
  const ideals = idealCopies(ring.servers, ring.partitions, copies);
  const total = ring.servers.reduce((sum, server) => sum + server.weight, 0);
  const offQuota: string[] = [];
  let worstDeviation = 0;
  for (const { server, primaries, copies: held } of shares(ring, copies)) {
    const exact = (server.weight / total) * ring.partitions;
    if (primaries < Math.floor(exact + 1e-9) || primaries > Math.ceil(exact - 1e-9)) offQuota.push(server.id);
    const ideal = ideals.get(server.id) ?? 0;
    worstDeviation = Math.max(worstDeviation, Math.abs(held - ideal) / Math.max(0.05 * ideal, 2));
  }
  return { offQuota, worstDeviation };
}

export interface Change {
  readonly from: Ring;
  readonly to: Ring;
  readonly joined: Server | undefined;
  readonly copies: number;
}

/** What moved, against what the ideals ask for. */
export function movementOf({ from, to, joined, copies }: Change): { moved: number; ideal: number; toJoiner: number } {
  const before = idealCopies(from.servers, from.partitions, copies);
  const after = idealCopies(to.servers, to.partitions, copies);
  let ideal = 0;
  for (const [id, wanted] of after) ideal += Math.max(0, wanted - (before.get(id) ?? 0));
  const plan = planMovement(from, to, copies);
  const toJoiner = joined === undefined ? 0 : (plan.perServer.get(joined.id)?.incoming ?? 0);
  return { moved: plan.moves.length, ideal, toJoiner };
}

export interface Step {
  readonly join: boolean;
  /** Which server leaves, modulo how many there are. */
  readonly which: number;
}

/** Joins take the servers not yet used in turn, leaves any that is there; the last server does not leave. */
export function* changesOf(
  servers: readonly Server[],
  atFirst: number,
  steps: readonly Step[],
  partitions: number,
  copies: number,
): Generator<Change, void, undefined> {
  let present = servers.slice(0, atFirst);
  const waiting = servers.slice(atFirst);
  let from = allocate({ servers: present, partitions, copies });
  for (const { join, which } of steps) {
    const joined = join || present.length === 1 ? waiting.shift() : undefined;
    if (joined !== undefined) present = [...present, joined];
    else if (present.length > 1) present = present.toSpliced(which % present.length, 1);
    const to = allocate({ servers: present, previous: from, copies });
    yield { from, to, joined, copies };
    from = to;
  }
}
