/**
 * The port to background work. Flush and compaction are functions of serialisable descriptions (a file number, a
 * list of runs) and of the other ports, so that an implementation may also run them elsewhere.
 */

export type JobName = 'flush' | 'compaction';

export interface Jobs {
  /** Runs `work` once and settles as it does. It may wait first; it must not run two jobs of one name at once. */
  run<T>(name: JobName, work: () => Promise<T>): Promise<T>;
}

/** Runs each job at once, on the caller's own thread. */
export const inlineJobs: Jobs = { run: (_name, work) => work() };
