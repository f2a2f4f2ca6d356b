/**
 * The classical allocator (Karger 1997, Dynamo §4.2): each server puts `weight × vnodesPerWeight` hashed tokens on the
 * ring and owns the range that ends at each. A server's tokens depend on nothing but its id and weight, so joins and
 * leaves need no plan; the price is uneven ranges. For clusters, `allocate` balances better with less to remember.
 */
import { RingError } from './errors.ts';
import { type HashFunction, murmur3 } from './hash.ts';
import { Ring } from './ring.ts';
import { orderedServers, type Server } from './server.ts';

export interface HashedRingOptions {
  readonly servers: readonly Server[];
  /** Virtual nodes of a server of weight 1, default 100. More: shares closer to the weights, and a larger table. */
  readonly vnodesPerWeight?: number;
  readonly hash?: HashFunction;
}

const utf8 = new TextEncoder();

/** The same for the same servers in any order. Where two servers hash to one token, the lower id has it. */
export function hashedRing({ servers, vnodesPerWeight = 100, hash = murmur3 }: HashedRingOptions): Ring {
  if (!(Number.isFinite(vnodesPerWeight) && vnodesPerWeight > 0)) {
    throw new RingError('INVALID_PARTITIONS', `vnodesPerWeight must be a number > 0, got ${vnodesPerWeight}`);
  }
  const ordered = orderedServers(servers);
  const ownerByToken = new Map<number, number>();
  ordered.forEach((server, index) => {
    const vnodes = Math.max(1, Math.round(server.weight * vnodesPerWeight));
    for (let vnode = 0; vnode < vnodes; vnode++) {
      const token = hash(utf8.encode(`${server.id}#${vnode}`)) >>> 0;
      if (!ownerByToken.has(token)) ownerByToken.set(token, index);
    }
  });
  const tokens = Uint32Array.from(ownerByToken.keys()).sort();
  const owners = Uint16Array.from(tokens, (token) => ownerByToken.get(token) ?? 0);
  return new Ring(ordered, owners, tokens);
}
