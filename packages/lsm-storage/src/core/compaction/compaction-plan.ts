/** What a compaction is to do, and the terms on which it is chosen. */

import type { RunLoss } from '../jobs/job.ts';
import type { RunDescription } from '../ports/manifest.ts';

export interface CompactionPlan {
  /** Numbers of the runs to merge, newest first: neighbours in age. */
  readonly inputs: readonly number[];
  /** Numbers of the value files whose values move to a new one; but for `damage`, no other run refers to them. */
  readonly relocate: readonly number[];
  /** The oldest run is among the inputs: nothing older can hold what a tombstone hides. */
  readonly oldest: boolean;
  readonly reason: CompactionReason;
  /** What is to be cut out of the one input. */
  readonly cut?: RunLoss;
}

export type CompactionReason = 'tier' | 'garbage' | 'tombstones' | 'manual' | 'damage';

export interface CompactionTerms {
  /**
   * The scaling parameter w, an integer. Above 0, tiered: 2 + w runs of a tier become one of the next; an entry is
   * written about once per tier, and a look-up may meet 1 + w runs of each. Below 0, leveled: two runs of a tier become
   * one, and tiers grow by 2 − w; an entry is written up to (2 − w) / 2 times per tier, and a look-up meets one run of
   * each. At 0 both are the same.
   */
  readonly scaling: number;
  /**
   * Share of the bytes in value files that may be garbage, above 0 and below 1. Smaller: less space, and more values
   * copied, at most (1 − 0.8 g) / 0.8 g bytes for each byte that is won back.
   */
  readonly garbageRatio: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /**
   * Numbers of runs whose tombstones could not go though nothing older was left, since the caller's purge rules held
   * them. A merge with the oldest run whose outcome {@link isMostlyTombstones} adds that; rules that release more empty
   * the set. Without it such a run would be rewritten for ever.
   */
  readonly heldTombstones: ReadonlySet<number>;
  /**
   * Milliseconds after the earliest deadline of a run until the run is rewritten for it; default one day. Smaller:
   * values are gone sooner; runs with deadlines at all times are rewritten more often, at most once per this time.
   */
  readonly deadlineGraceMs?: number;
}

/** A plan for the runs from `start` to before `end`. */
export function planOf(
  runs: readonly RunDescription[],
  start: number,
  end: number,
  reason: CompactionReason,
  relocate: readonly number[] = [],
): CompactionPlan {
  const inputs = runs.slice(start, end).map((run) => run.number);
  return { inputs, relocate, oldest: end === runs.length, reason };
}
