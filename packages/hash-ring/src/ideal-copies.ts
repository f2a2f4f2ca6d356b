/**
 * How many copies each server should hold: its weight share of all copies, as far as the rules allow. A server holds
 * at most one copy of a partition, and a rack as many as the spread rule says (at most one while there are as many
 * racks as copies). What a bounded server or rack cannot take, or must take beyond its weight, the others share by
 * weight.
 */
import type { Copies } from './copies.ts';
import { orderedServers, type Server } from './server.ts';
import { type SpreadRule, spreadRule } from './spread-rule.ts';

/**
 * Copies by server id; a server that can hold none has 0. The sum is copies × partitions while there are enough
 * servers.
 */
export function idealCopies(
  servers: readonly Server[],
  partitions: number,
  copies: Copies,
): ReadonlyMap<string, number> {
  const ordered = orderedServers(servers);
  const ideals = idealsOf(ordered, partitions, copies);
  return new Map(ordered.map((server, index) => [server.id, ideals[index] ?? 0]));
}

/** The same by index of the ordered servers. */
export function idealsOf(servers: readonly Server[], partitions: number, copies: Copies): Float64Array {
  const rule = spreadRule(servers, copies, () => true);
  const ideals = new Float64Array(servers.length);
  for (let zone = 0; zone < rule.extra.length; zone++) fillZone(servers, partitions, rule, zone, ideals);
  return ideals;
}

/** Ideals are told to a millionth of a copy, so that those which are whole come out whole. */
const precision = 1e6;

function fillZone(
  servers: readonly Server[],
  partitions: number,
  rule: SpreadRule,
  zone: number,
  ideals: Float64Array,
): void {
  const racks: { readonly weights: number[]; readonly members: number[]; low: number; high: number }[] = [];
  let goal = (rule.extra[zone] ?? 0) * partitions;
  rule.least.forEach((least, rack) => {
    if (rule.rackZone[rack] !== zone) return;
    const members = [...servers.keys()].filter((index) => rule.rackOf[index] === rack);
    const most = rule.extra[zone] === 0 ? least : Math.min(members.length, least + 1);
    const weights = members.map((index) => servers[index]?.weight ?? 0);
    racks.push({ weights, members, low: least * partitions, high: most * partitions });
    goal += least * partitions;
  });
  const held = (weights: readonly number[], level: number): number =>
    weights.reduce((total, weight) => total + Math.min(partitions, weight * level), 0);
  const inRack = (rack: (typeof racks)[number], level: number): number =>
    Math.min(rack.high, Math.max(rack.low, held(rack.weights, level)));
  const level = waterLevel((at) => racks.reduce((total, rack) => total + inRack(rack, at), 0), goal);
  for (const rack of racks) {
    const own = waterLevel((at) => held(rack.weights, at), inRack(rack, level));
    rack.members.forEach((index, i) => {
      ideals[index] = Math.round(Math.min(partitions, (rack.weights[i] ?? 0) * own) * precision) / precision;
    });
  }
}

/** Slack for rounding in sums, so that a goal equal to the most that can be held is reached. */
const nearly = 1 - 1e-12;

/** The lowest level at which the amount, which never falls with it, reaches the goal. Bisected to the last bit. */
function waterLevel(amount: (level: number) => number, goal: number): number {
  let low = 0;
  let high = 1;
  while (amount(high) < goal * nearly && high < 1e300) high *= 2;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return high;
    if (amount(middle) < goal * nearly) low = middle;
    else high = middle;
  }
}
