/**
 * The port to background work. Flush and compaction are serialisable descriptions, carried out by `runJob` over a file
 * system and a codec, so that an implementation may run them on another thread.
 */

import type { Job, JobResult } from '../jobs/job.ts';

/** How far a job has come. */
export interface JobProgress {
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** Work under way that its starter may give up. */
export interface JobControl {
  /** Asked between steps; once true, the job ends with `CLOSED`. */
  cancelled(): boolean;
  /** Told now and then how far a compaction has come, never after it settled. Must not throw. */
  progressed?(progress: JobProgress): void;
}

export interface Jobs {
  /**
   * Carries a job out once and settles as it does. `here` does it on the calling thread; an implementation calls it, at
   * once or later, or has the job done elsewhere. Two jobs of one kind never run at once.
   */
  run(job: Job, control: JobControl, here: () => Promise<JobResult>): Promise<JobResult>;
  /** Lets go of what it runs on. Called by the engine as it closes, when no job is under way. */
  stop(): Promise<void>;
}

/** Carries out each job at once, on the caller's own thread. */
export const inlineJobs: Jobs = { run: (_job, _control, here) => here(), stop: () => Promise.resolve() };
