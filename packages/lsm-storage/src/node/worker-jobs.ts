/**
 * Flushes and compactions on threads of their own, one for each kind, so that neither waits for the other and the
 * engine's thread for none of them. A job goes over as plain data, its bytes come back without being copied.
 */

import { resolve } from 'node:path';
import type { ResourceLimits, WorkerOptions } from 'node:worker_threads';
import type { Job, JobResult } from '../core/jobs/job.ts';
import type { JobControl, Jobs } from '../core/ports/jobs.ts';
import type { WorkerSettings } from './job-messages.ts';
import { JobThread } from './job-thread.ts';

export interface WorkerJobsOptions extends WorkerSettings {
  /** The file that a thread begins with, for tests; default: the one that carries jobs out. */
  readonly entry?: URL;
}

/**
 * Jobs make little that lives long: with V8's own limit, 48 MiB, a thread's young objects took 20 MiB more and were
 * collected no faster.
 */
const HEAP_LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 12 };

export class WorkerJobs implements Jobs {
  readonly #threads: Readonly<Record<Job['kind'], JobThread>>;

  /** Starts nothing yet: a thread begins with its first job. */
  constructor({ directory, compression, level, entry = ownEntry() }: WorkerJobsOptions) {
    const workerData: WorkerSettings = { directory: resolve(directory), compression, level };
    const options = { ...loaderOptions(entry), workerData, resourceLimits: HEAP_LIMITS };
    const thread = (name: string): JobThread => new JobThread(entry, { ...options, name });
    this.#threads = { flush: thread('flush'), compaction: thread('compaction') };
  }

  /** Never calls `here`. A thread that crashes fails its job with `IO_ERROR`; the next job gets a new one. */
  run(job: Job, control: JobControl): Promise<JobResult> {
    return this.#threads[job.kind].run(job, control);
  }

  /** Waits for the jobs under way, which their starter may cancel, and ends the threads. */
  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#threads).map((thread) => thread.stop()));
  }
}

const SOURCE = '.ts';

/** Beside this file, and like it TypeScript or what was built from it. */
function ownEntry(): URL {
  const extension = import.meta.url.endsWith(SOURCE) ? SOURCE : '.js';
  return new URL(`./job-worker${extension}`, import.meta.url);
}

/**
 * A thread that begins with TypeScript has to be told how to read it, whatever its starter was told; a build needs
 * nothing.
 */
function loaderOptions(entry: URL): WorkerOptions {
  if (!entry.pathname.endsWith(SOURCE)) return {};
  const loader = `import { register } from '${import.meta.resolve('tsx/esm/api')}'; register();`;
  return { execArgv: ['--import', `data:text/javascript,${encodeURIComponent(loader)}`] };
}
