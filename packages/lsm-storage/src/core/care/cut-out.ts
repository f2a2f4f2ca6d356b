/**
 * Takes out of a store what damage has made unreadable. A run is written anew without its lost entries; range tombstones
 * stand in their place, so that what they may have hidden in older runs does not come forth.
 */

import { planOf } from '../compaction/compaction-plan.ts';
import type { CompactionPlan } from '../compaction/compaction-plan.ts';
import { StorageError } from '../errors.ts';
import type { RunLoss } from '../jobs/job.ts';
import type { RunDescription } from '../ports/manifest.ts';
import type { Loss } from './losses.ts';

/** `runs`: newest first. Throws `NOT_FOUND` if a run of the loss is not among them any more. */
export function planCutOut(runs: readonly RunDescription[], { file, runs: losses }: Loss): CompactionPlan[] {
  return losses.map((cut) => {
    const at = runs.findIndex(({ number }) => number === cut.run);
    if (at < 0) throw stale(file, cut);
    return { ...planOf(runs, at, at + 1, 'damage', cut.valueFiles), cut };
  });
}

function stale(file: string, { run }: RunLoss): StorageError {
  const what = `run ${run}, from which the damage of ${file} was to be cut out, was compacted away meanwhile`;
  return new StorageError('NOT_FOUND', `${what}: find the loss anew`);
}
