/** Carries a job out: what a worker thread calls, and what the engine calls where there is none. */

import { mergeRuns } from '../compaction/merge-runs.ts';
import { flushLog } from './flush.ts';
import type { JobPorts } from './flush.ts';
import type { Job, JobResult } from './job.ts';

export async function runJob(job: Job, ports: JobPorts): Promise<JobResult> {
  return { added: job.kind === 'flush' ? await flushLog(job, ports) : await mergeRuns(job, ports) };
}
