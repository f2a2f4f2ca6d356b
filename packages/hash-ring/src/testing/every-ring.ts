/**
 * Every ring there is of a few servers and partitions, one owner table after the other: what none of them does cannot
 * be done.
 */
import { holdersOf } from '../clockwise-walk.ts';
import { idealsOf } from '../ideal-copies.ts';
import type { Ring } from '../ring.ts';
import { orderedServers, type Server } from '../server.ts';
import { type SpreadRule, spreadRule } from '../spread-rule.ts';

export interface SmallRing {
  /** By partition: the index of the server, in the order of ids, that owns it. */
  readonly owners: readonly number[];
  /** By partition: the servers that hold it, as bits by index. */
  readonly holders: readonly number[];
}

/**
 * All rings whose lists name `copies` distinct servers, spread over racks, and whose servers hold copies within
 * max(5 %, 2 copies) of their ideals. How many partitions each owns is left open, and may be none.
 */
export function balancedRings(servers: readonly Server[], partitions: number, copies: number): SmallRing[] {
  const ordered = orderedServers(servers);
  const ideals = idealsOf(ordered, partitions, copies);
  const rules = new Map<number, SpreadRule>();
  const found: SmallRing[] = [];
  for (let number = 0; number < ordered.length ** partitions; number++) {
    const owners = digits(number, ordered.length, partitions);
    const present = bitsOf(owners);
    const rule = rules.get(present) ?? spreadRule(ordered, copies, (index) => ((present >> index) & 1) === 1);
    rules.set(present, rule);
    if (rule.length < copies) continue;
    const holders = owners.map((_, partition) => bitsOf(holdersOf(owners, partition, rule)));
    const isNear = (ideal: number, index: number): boolean =>
      Math.abs(holdings(holders, index) - ideal) <= Math.max(0.05 * ideal, 2) + 1e-6;
    if (ideals.every(isNear)) found.push({ owners, holders });
  }
  return found;
}

/** Of all moves to one of these rings the greatest part that ends at servers which were not there before. */
export function greatestPartToJoiners(from: Ring, servers: readonly Server[], copies: number): number {
  const ordered = orderedServers(servers);
  const before = new Map(ordered.map(({ id }, index) => [id, 1 << index]));
  const present = from.servers.reduce((bits, { id }) => bits | (before.get(id) ?? 0), 0);
  const lists = from.preferenceLists(copies);
  const held = Array.from({ length: from.partitions }, (_, partition) =>
    lists.of(partition).reduce((bits, { id }) => bits | (before.get(id) ?? 0), 0),
  );
  let greatest = 0;
  for (const { holders } of balancedRings(servers, from.partitions, copies)) {
    let [moves, toOthers] = [0, 0];
    holders.forEach((bits, partition) => {
      const gained = bits & ~(held[partition] ?? 0);
      moves += countBits(gained);
      toOthers += countBits(gained & present);
    });
    greatest = Math.max(greatest, moves === 0 ? 1 : 1 - toOthers / moves);
  }
  return greatest;
}

function holdings(holders: readonly number[], index: number): number {
  return holders.reduce((sum, bits) => sum + ((bits >> index) & 1), 0);
}

function bitsOf(indices: readonly number[]): number {
  return indices.reduce((bits, index) => bits | (1 << index), 0);
}

function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}

function digits(number: number, base: number, length: number): number[] {
  return Array.from({ length }, (_, place) => Math.floor(number / base ** place) % base);
}
