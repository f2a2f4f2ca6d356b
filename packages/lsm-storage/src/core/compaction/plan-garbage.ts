/**
 * Reclaims the space of values that no run refers to any more: what still counts in the emptiest files moves to a new
 * one, so that little is copied for much that is won.
 */

import type { RunDescription, ValueFileDescription } from '../ports/manifest.ts';
import { planOf } from './compaction-plan.ts';
import type { CompactionPlan } from './compaction-plan.ts';
import { garbageOf } from './value-garbage.ts';

/** Goes below the ratio that began it, so that the next little garbage does not begin it again. */
const MARGIN = 0.8;

/** `runs`: newest first. `undefined` while the share of garbage is not above `garbageRatio`. */
export function planGarbage(
  runs: readonly RunDescription[],
  valueFiles: readonly ValueFileDescription[],
  garbageRatio: number,
): CompactionPlan | undefined {
  const files = garbageOf(runs, valueFiles);
  let bytes = 0;
  let garbage = 0;
  for (const file of files) {
    bytes += file.bytes;
    garbage += file.garbage;
  }
  if (garbage <= garbageRatio * bytes) return undefined;
  const relocate = new Set<number>();
  for (const file of files) {
    if (garbage <= MARGIN * garbageRatio * bytes) break;
    relocate.add(file.file);
    garbage -= file.garbage;
    bytes -= file.garbage;
  }
  const refers = (run: RunDescription): boolean => run.references.some(({ file }) => relocate.has(file));
  return planOf(runs, runs.findIndex(refers), runs.findLastIndex(refers) + 1, 'garbage', [...relocate]);
}
