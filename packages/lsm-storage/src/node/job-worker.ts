/** What a worker thread of {@link WorkerJobs} runs. */

import { runJob } from '../core/jobs/run-job.ts';
import { serveJobs } from './serve-jobs.ts';

serveJobs(runJob);
