/** Jobs of {@link RehearsingWorker}s, by the number of the run that they plan; any other is as `rehearse` has it. */

import type { CompactionJob } from '../../core/jobs/job.ts';

export const SUCCEED = 1;
export const LAST_UNTIL_CANCELLED = 3;
export const CRASH = 100;
export const EXIT = 101;
/** Pauses for a day, then succeeds. */
export const PAUSE = 102;
/** Answers with the directory, the codec's id and the options of the process in an error. */
export const CONFESS = 103;

export function rehearsal(run: number): CompactionJob {
  return {
    kind: 'compaction',
    inputs: [],
    relocated: [],
    plan: { run, valueFile: 0, blockBytes: 1, separateBytes: 1, firstSequence: 0, lastSequence: 0 },
    disposal: { oldest: false, now: 0, purge: { versionAt: { offset: 0, length: 0 }, rules: [] } },
    bytesPerSecond: 1,
  };
}
