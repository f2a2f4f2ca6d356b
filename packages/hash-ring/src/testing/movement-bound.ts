/**
 * The least that must move, proven: a Lagrangian lower bound. Any owner table is a path through the lists of recency,
 * one step per partition, and the cheapest path under prices for copies and partitions owned is found exactly.
 * Whatever the prices, no table that keeps within the limits moves fewer copies than that path costs, less the prices
 * of the limits.
 */
import { idealCopies } from '../ideal-copies.ts';
import type { Ring } from '../ring.ts';
import type { Server } from '../server.ts';

export interface Prices {
  /** By server in the order of ids: what a copy, and what a partition owned, costs beyond the copy moved. */
  readonly copies: readonly number[];
  readonly owned: readonly number[];
}

/** For servers without racks. Few of them: every order of `copies` servers is a state. */
export function leastMoves(from: Ring, to: readonly Server[], copies: number, prices: Prices): number {
  const lists = permutations([...to.keys()], copies);
  const place = new Map(lists.map((list, i) => [list.join(), i]));
  const next = lists.map((list) =>
    to.map((_, server) => place.get([server, ...list.filter((each) => each !== server)].slice(0, copies).join()) ?? -1),
  );
  let cost = lists.map(() => 0);
  for (let partition = from.partitions - 1; partition >= 0; partition--) {
    const held = new Set(
      from
        .preferenceLists(copies)
        .of(partition)
        .map(({ id }) => id),
    );
    const copyCost = to.map(({ id }, server) => (held.has(id) ? 0 : 1) + (prices.copies[server] ?? 0));
    const listCost = lists.map((list) => list.reduce((sum, server) => sum + (copyCost[server] ?? 0), 0));
    const reached = lists.map(() => Infinity);
    cost.forEach((spent, list) =>
      to.forEach((_, server) => {
        const target = next[list]?.[server] ?? -1;
        const total = spent + (listCost[target] ?? Infinity) + (prices.owned[server] ?? 0);
        reached[target] = Math.min(reached[target] ?? Infinity, total);
      }),
    );
    cost = reached;
  }
  return Math.min(...cost) - limitPrices(from.partitions, to, copies, prices);
}

/**
 * The most that the limits can give back: copies within max(5 %, 2) of the ideal, floor or ceiling of the share owned.
 */
function limitPrices(partitions: number, to: readonly Server[], copies: number, prices: Prices): number {
  const ideals = idealCopies(to, partitions, copies);
  const total = to.reduce((sum, server) => sum + server.weight, 0);
  return to.reduce((sum, { id, weight }, server) => {
    const ideal = ideals.get(id) ?? 0;
    const within = Math.max(0.05 * ideal, 2);
    const share = (weight / total) * partitions;
    const copyPrice = prices.copies[server] ?? 0;
    const ownedPrice = prices.owned[server] ?? 0;
    return (
      sum +
      Math.max(copyPrice * (ideal - within), copyPrice * (ideal + within)) +
      Math.max(ownedPrice * Math.floor(share), ownedPrice * Math.ceil(share))
    );
  }, 0);
}

function permutations(of: readonly number[], length: number): number[][] {
  if (length === 0) return [[]];
  return of.flatMap((first) =>
    permutations(
      of.filter((each) => each !== first),
      length - 1,
    ).map((rest) => [first, ...rest]),
  );
}
