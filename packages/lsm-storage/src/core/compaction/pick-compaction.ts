/**
 * Decides which runs to merge: size-tiered, between neighbours in age. A run's tier is how often its size can be
 * divided by the fan before it fits a memtable, and at least the tier of every newer run, so that tiers never fall
 * with age. `fan` runs of one tier are merged, lowest tier first; each entry is then rewritten about once per tier
 * (the tiered shape of "Dostoevsky", Dayan and Idreos, 2018).
 */

import type { RunDescription } from '../ports/manifest.ts';

export interface CompactionPlan {
  /** Numbers of the runs to merge, newest first: neighbours in age. */
  readonly inputs: readonly number[];
  /** The oldest run is among them: nothing older can hold what a tombstone hides, so tombstones end here. */
  readonly dropTombstones: boolean;
}

export interface CompactionShape {
  readonly fan: number;
  readonly memtableBytes: number;
}

/** `runs`: newest first. `undefined`: nothing to do. */
export function pickCompaction(runs: readonly RunDescription[], shape: CompactionShape): CompactionPlan | undefined {
  const tiers = tiersOf(runs, shape);
  for (let start = 0; start < runs.length; ) {
    let end = start;
    while (end < runs.length && tiers[end] === tiers[start]) end++;
    if (end - start >= shape.fan) return planOf(runs, start, end);
    start = end;
  }
  return undefined;
}

/** Everything into one run; `undefined` if that would change nothing. */
export function planFullCompaction(runs: readonly RunDescription[]): CompactionPlan | undefined {
  const [only] = runs;
  if (only === undefined || (runs.length === 1 && only.tombstones === 0)) return undefined;
  return planOf(runs, 0, runs.length);
}

function planOf(runs: readonly RunDescription[], start: number, end: number): CompactionPlan {
  return { inputs: runs.slice(start, end).map((run) => run.number), dropTombstones: end === runs.length };
}

function tiersOf(runs: readonly RunDescription[], shape: CompactionShape): number[] {
  let highest = 0;
  return runs.map((run) => {
    highest = Math.max(highest, tierOf(run.bytes, shape));
    return highest;
  });
}

/** By repeated division, which is the same on every machine (a logarithm need not be). */
function tierOf(bytes: number, shape: CompactionShape): number {
  let tier = 0;
  for (let rest = bytes; rest > shape.memtableBytes; rest /= shape.fan) tier++;
  return tier;
}
