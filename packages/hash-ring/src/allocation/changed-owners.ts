/**
 * From one owner table to the next: what a change of servers leaves open is filled, and a bounded local search trades
 * balance against movement. A leaver's partitions first go to whoever owns the next one, which moves nothing but the
 * leaver's copies; a joiner's are drawn from those who own too many.
 */
import type { SpreadRule } from '../spread-rule.ts';
import type { Before, Goals } from './goals.ts';
import { OwnerSearch } from './owner-search.ts';
import { Placement } from './placement.ts';
import type { RandomSequence } from './random-sequence.ts';

/** Where copies cannot be balanced within what may move, more may move. */
const movementWeights = [1, 0.5, 0.25, 0.1, 0.02];

/** Searches, each with other random numbers, after which a join is as good as it gets. */
const joinSearches = 4;
/** Of the copies that move on a join, the part that may end at those who were there before. */
const toOthersAtMost = 0.05;

/**
 * One search does, but for a join after which too many copies moved to servers that were there before: which of them
 * the search finds is chance then, so it tries again and keeps the best.
 */
export function changedOwners(goals: Goals, rule: SpreadRule, random: RandomSequence): Int32Array {
  const before = goals.before;
  if (before === undefined) throw new TypeError('a change needs the owners before it');
  const isJoin = before.forced === 0 && before.gains.includes(1);
  let best = searched(goals, before, rule, random);
  for (let search = 1; isJoin && search < joinSearches && toOthers(best) > toOthersAtMost; search++) {
    const other = searched(goals, before, rule, random);
    const isBalanced = other.isBalanced(1) || !best.isBalanced(1);
    if (isBalanced && toOthers(other) < toOthers(best)) best = other;
  }
  return best.lists.owners;
}

/** The part of the moved copies that went to servers which should not gain. */
function toOthers(placement: Placement): number {
  const { extraMoves, moves } = placement;
  return moves === 0 ? 0 : extraMoves / moves;
}

function searched(goals: Goals, before: Before, rule: SpreadRule, random: RandomSequence): Placement {
  const owners = drawn(inherited(before.owners), goals, random);
  const placement = new Placement(owners, rule, goals);
  for (const weight of movementWeights) {
    goals.movementWeight = weight;
    new OwnerSearch(placement, goals, before, random).run();
    settleQuotas(placement);
    if (placement.isBalanced(1)) break;
  }
  return placement;
}

/** Partitions without an owner go to the owner of the next one that has one, if anyone has. */
function inherited(before: Int32Array): Int32Array {
  const owners = before.slice();
  let next = owners.find((owner) => owner >= 0) ?? -1;
  for (let partition = owners.length - 1; partition >= 0; partition--) {
    const owner = owners[partition] ?? -1;
    if (owner < 0) owners[partition] = next;
    else next = owner;
  }
  return owners;
}

/**
 * Servers that own too few get partitions of those that own too many, so that everyone who should be there is. After
 * a leave only the missing ones: the search finds better places for the rest.
 */
function drawn(owners: Int32Array, goals: Goals, random: RandomSequence): Int32Array {
  const quota = goals.quotas.quota;
  const owned = new Int32Array(quota.length);
  for (const owner of owners) if (owner >= 0) owned[owner] = (owned[owner] ?? 0) + 1;
  const missing: number[] = [];
  quota.forEach((wanted, server) => {
    const has = owned[server] ?? 0;
    const joined = goals.before?.gains[server] === 1;
    const need = joined ? wanted - has : Math.min(1, wanted) - has;
    for (let i = 0; i < need; i++) missing.push(server);
  });
  const spare = shuffled([...owners.keys()], random);
  const nobody: number[] = [];
  for (const partition of spare) {
    const owner = owners[partition] ?? -1;
    if (owner >= 0 && (owned[owner] ?? 0) <= (quota[owner] ?? 0)) continue;
    if (owner >= 0) owned[owner] = (owned[owner] ?? 0) - 1;
    nobody.push(partition);
    if (nobody.length === missing.length) break;
  }
  nobody.sort((a, b) => a - b);
  shuffled(missing, random).forEach((server, i) => {
    const partition = nobody[i];
    if (partition !== undefined) owners[partition] = server;
  });
  return owners;
}

function shuffled(numbers: number[], random: RandomSequence): number[] {
  for (let i = numbers.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [numbers[i], numbers[j]] = [numbers[j] ?? 0, numbers[i] ?? 0];
  }
  return numbers;
}

/** What the search left unmet is met at the least cost, one partition after the other. */
function settleQuotas(placement: Placement): void {
  while (placement.quotasMissed() > 0) {
    const { partitions, servers } = placement;
    let settled = false;
    for (let allowed = 1; !settled; allowed *= 4) {
      for (let partition = 0; partition < partitions && !settled; partition++) {
        const owner = placement.owner(partition);
        if (!placement.canGive(owner)) continue;
        const lost = placement.quotaChange(owner, -1);
        for (let server = 0; server < servers && !settled; server++) {
          if (server === owner || lost + placement.quotaChange(server, 1) >= 0) continue;
          settled = placement.try([[partition, server]], allowed);
        }
      }
    }
  }
}
