/** Walking the ring: from a partition clockwise over the owners of the partitions that follow. */
import type { SpreadRule } from './spread-rule.ts';

/** Server indices by partition, or anything else indexed by partition. */
export type Owners = ArrayLike<number>;

/** Every server met, once each, in the order of first sight. */
export function* distinctClockwise(owners: Owners, start: number): Generator<number, void, undefined> {
  const met = new Set<number>();
  for (let step = 0; step < owners.length; step++) {
    const server = owners[(start + step) % owners.length];
    if (server === undefined || met.has(server)) continue;
    met.add(server);
    yield server;
  }
}

/** The servers that hold the partition, the owner first: rack by rack in rounds, in each round as they are met. */
export function holdersOf(owners: Owners, start: number, rule: SpreadRule): number[] {
  const rounds: number[][] = [];
  for (const { server, round } of holdersAsMet(owners, start, rule)) (rounds[round] ??= []).push(server);
  return rounds.flat();
}

/** The same in the order in which the walk meets them, each with the round in which its rack gives it. */
export function* holdersAsMet(
  owners: Owners,
  start: number,
  rule: SpreadRule,
): Generator<{ readonly server: number; readonly round: number }, void, undefined> {
  const taken = new Int32Array(rule.least.length);
  const extra = Int32Array.from(rule.extra);
  let missing = rule.length;
  for (const server of distinctClockwise(owners, start)) {
    if (missing === 0) return;
    const rack = rule.rackOf[server] ?? -1;
    if (rack < 0) continue;
    const round = taken[rack] ?? 0;
    const least = rule.least[rack] ?? 0;
    const zone = rule.rackZone[rack] ?? 0;
    taken[rack] = round + 1;
    if (round > least || (round === least && (extra[zone] ?? 0) === 0)) continue;
    if (round === least) extra[zone] = (extra[zone] ?? 0) - 1;
    missing--;
    yield { server, round };
  }
}
