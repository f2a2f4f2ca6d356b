/** Threads for the jobs of one engine after another, since to start them takes longer than most of what a test does. */

import { WorkerJobs } from '../index.ts';
import type { Jobs } from '../index.ts';

export interface SharedThreads {
  /** What the engines get; when they close, the threads stay. */
  readonly jobs: Jobs;
  stop(): Promise<void>;
}

/** For stores in one directory, which take turns. */
export function sharedThreads(directory: string): SharedThreads {
  const threads = new WorkerJobs({ directory, compression: 'zstd', level: undefined });
  return {
    jobs: { run: (job, control) => threads.run(job, control), stop: () => Promise.resolve() },
    stop: () => threads.stop(),
  };
}
