/** What each server of a ring carries, in primaries and in stored copies. */
import type { Copies } from './copies.ts';
import type { Ring } from './ring.ts';
import type { Server } from './server.ts';
import { rangeWidth, tokenCount } from './token.ts';

export interface Share {
  readonly server: Server;
  /** Partitions that it owns: its virtual nodes. */
  readonly primaries: number;
  /** Partitions of which it holds a copy. */
  readonly copies: number;
  /** The same as fractions of the token space; copy shares add up to the copies of a partition. */
  readonly primaryShare: number;
  readonly copyShare: number;
}

/** One share per server, in the order of ids. */
export function shares(ring: Ring, copies: Copies): readonly Share[] {
  const lists = ring.preferenceLists(copies);
  const byId = new Map(
    ring.servers.map((server) => [server.id, { server, primaries: 0, copies: 0, primaryShare: 0, copyShare: 0 }]),
  );
  for (let partition = 0; partition < ring.partitions; partition++) {
    const width = rangeWidth(ring.rangeOf(partition)) / tokenCount;
    const owner = byId.get(ring.ownerOf(partition).id);
    if (owner !== undefined) {
      owner.primaries++;
      owner.primaryShare += width;
    }
    for (const { id } of lists.of(partition)) {
      const holder = byId.get(id);
      if (holder === undefined) continue;
      holder.copies++;
      holder.copyShare += width;
    }
  }
  return [...byId.values()];
}
