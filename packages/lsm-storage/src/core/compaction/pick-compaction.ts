/**
 * Decides which runs to merge, always neighbours in age, for one of three reasons, the first that holds:
 *
 * - a tier holds as many runs as it may not (the lowest such tier, all its runs);
 * - too much of the value files is garbage;
 * - tombstones or passed deadlines lie where no other merge would come by.
 *
 * Descriptions are all it looks at, and each answer leads to fewer runs, less garbage or fewer tombstones: asked again
 * and again, it comes to an end.
 */

import { compareBytes } from '../bytes.ts';
import type { RunDescription, ValueFileDescription } from '../ports/manifest.ts';
import type { KeyRange } from '../versioned-entry.ts';
import { planOf } from './compaction-plan.ts';
import type { CompactionPlan, CompactionTerms } from './compaction-plan.ts';
import { planGarbage } from './plan-garbage.ts';
import { planTombstones } from './plan-tombstones.ts';
import { tierShape, tiersOf } from './tiers.ts';
import { garbageOf, shareOf } from './value-garbage.ts';

export type { CompactionPlan, CompactionTerms } from './compaction-plan.ts';
export { isMostlyTombstones } from './plan-tombstones.ts';

/** Share of garbage from which on a full compaction moves what is left in a value file. */
const WORTH_MOVING = 0.1;

/** `runs`: newest first. `undefined`: nothing to do. */
export function pickCompaction(
  runs: readonly RunDescription[],
  valueFiles: readonly ValueFileDescription[],
  terms: CompactionTerms,
): CompactionPlan | undefined {
  return (
    planTier(runs, terms.scaling) ?? planGarbage(runs, valueFiles, terms.garbageRatio) ?? planTombstones(runs, terms)
  );
}

/**
 * Everything into one run, and the garbage that is known out of the value files; `undefined` if that could change
 * nothing. What the merge itself turns into garbage is known after it: asked a second time, it reclaims that too.
 */
export function planFull(
  runs: readonly RunDescription[],
  valueFiles: readonly ValueFileDescription[],
): CompactionPlan | undefined {
  const worthMoving = garbageOf(runs, valueFiles).filter((file) => shareOf(file) > WORTH_MOVING);
  const relocate = worthMoving.map(({ file }) => file);
  return planSpan(runs, 0, runs.length, relocate);
}

/** Every run that holds something of a range of keys, and those between in age, into one; `undefined` as above. */
export function planRange(runs: readonly RunDescription[], range: KeyRange): CompactionPlan | undefined {
  const touches = (run: RunDescription): boolean => overlaps(run, range);
  return planSpan(runs, runs.findIndex(touches), runs.findLastIndex(touches) + 1);
}

function planTier(runs: readonly RunDescription[], scaling: number): CompactionPlan | undefined {
  const { growth, threshold } = tierShape(scaling);
  const tiers = tiersOf(runs, growth);
  for (let start = 0; start < runs.length; ) {
    const above = tiers.findIndex((tier, i) => i > start && tier !== tiers[start]);
    const end = above < 0 ? runs.length : above;
    if (end - start >= threshold) return planOf(runs, start, end, 'tier');
    start = end;
  }
  return undefined;
}

/** One run alone is worth rewriting only for what may be dropped from it or moves along. */
function planSpan(
  runs: readonly RunDescription[],
  start: number,
  end: number,
  relocate: readonly number[] = [],
): CompactionPlan | undefined {
  const [only, second] = runs.slice(start, end);
  if (only === undefined) return undefined;
  const mayDrop = only.tombstones + only.ranges > 0 || only.earliestDeadline !== 0 || relocate.length > 0;
  return second === undefined && !mayDrop ? undefined : planOf(runs, start, end, 'manual', relocate);
}

function overlaps({ smallestKey, largestKey }: RunDescription, { from, to }: KeyRange): boolean {
  const beginsBefore = to === undefined || compareBytes(smallestKey, to) < 0;
  return beginsBefore && (largestKey === undefined || compareBytes(largestKey, from) >= 0);
}
