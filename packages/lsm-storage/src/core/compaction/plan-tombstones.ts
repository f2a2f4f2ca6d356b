/**
 * Brings tombstones to where they end. Merges by tier do it for most; what is left are runs that are mostly tombstones,
 * and values past their deadline in runs that nothing else touches.
 */

import type { RunDescription } from '../ports/manifest.ts';
import { planOf } from './compaction-plan.ts';
import type { CompactionPlan, CompactionTerms } from './compaction-plan.ts';

/** Entries that a merge may rewrite for each tombstone it brings along. */
const ENTRIES_PER_TOMBSTONE = 8;

const DEADLINE_GRACE_MS = 24 * 60 * 60 * 1000;

/** Whether a run is one to be rewritten for its tombstones alone. */
export function isMostlyTombstones(run: RunDescription): boolean {
  return 2 * (run.tombstones + run.ranges) > run.entries + run.ranges;
}

/** `runs`: newest first. */
export function planTombstones(runs: readonly RunDescription[], terms: CompactionTerms): CompactionPlan | undefined {
  return planOldest(runs, terms) ?? planMoveDown(runs) ?? planExpired(runs, terms);
}

/** Below the oldest run there is nothing to hide: its tombstones go, unless they are known to be held. */
function planOldest(runs: readonly RunDescription[], { heldTombstones }: CompactionTerms): CompactionPlan | undefined {
  const oldest = runs.at(-1);
  if (oldest === undefined || heldTombstones.has(oldest.number) || !isMostlyTombstones(oldest)) return undefined;
  return planOf(runs, runs.length - 1, runs.length, 'tombstones');
}

/**
 * Merges neighbours that are mostly tombstones with the next older run that is not, or with the oldest, once they are
 * worth its rewriting.
 */
function planMoveDown(runs: readonly RunDescription[]): CompactionPlan | undefined {
  let start = 0;
  let tombstones = 0;
  for (const [i, run] of runs.entries()) {
    const ends = i === runs.length - 1 || !isMostlyTombstones(run);
    if (ends && i > start && run.entries <= ENTRIES_PER_TOMBSTONE * tombstones) {
      return planOf(runs, start, i + 1, 'tombstones');
    }
    if (ends) [start, tombstones] = [i + 1, 0];
    else tombstones += run.tombstones + run.ranges;
  }
  return undefined;
}

/** A run by itself, the oldest first: values past their deadline go, and what is then a tombstone is as any other. */
function planExpired(
  runs: readonly RunDescription[],
  { now, deadlineGraceMs = DEADLINE_GRACE_MS }: CompactionTerms,
): CompactionPlan | undefined {
  const at = runs.findLastIndex(
    ({ earliestDeadline: deadline }) => deadline !== 0 && deadline + deadlineGraceMs <= now,
  );
  return at < 0 ? undefined : planOf(runs, at, at + 1, 'tombstones');
}
