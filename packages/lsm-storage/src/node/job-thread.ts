/**
 * One worker thread for jobs, one at a time. It is started by its first job, stays, and keeps the process alive only
 * while it has something to do. If it crashes, the job under way fails and the next one gets a new thread.
 */

import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';
import { StorageError } from '../core/errors.ts';
import type { Job, JobResult } from '../core/jobs/job.ts';
import type { JobControl } from '../core/ports/jobs.ts';
import { CANCELLED } from './job-messages.ts';
import type { JobReply, JobRequest } from './job-messages.ts';
import { unpackError } from './thread-errors.ts';

/** How often the starter of a job is asked whether it is still wanted, and told how far it has come. */
const POLL_MS = 10;

interface JobUnderWay {
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: Error) => void;
}

export class JobThread {
  readonly #entry: URL;
  readonly #options: WorkerOptions;
  #worker: Worker | undefined;
  #underWay: JobUnderWay | undefined;
  /** Settles, never failing, when the last job that was asked for has ended. */
  #last: Promise<unknown> = Promise.resolve();
  #stopped = false;

  /** `entry`: the file that the thread begins with; it calls `serveJobs`. */
  constructor(entry: URL, options: WorkerOptions) {
    this.#entry = entry;
    this.#options = options;
  }

  /** Carries the job out when those before it have ended. `CLOSED` after `stop`. */
  run(job: Job, control: JobControl): Promise<JobResult> {
    const outcome = this.#last.then(() => this.#carryOut(job, control));
    this.#last = outcome.catch(() => undefined);
    return outcome;
  }

  /** Waits for the job under way, and ends the thread. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#last;
    await this.#worker?.terminate();
  }

  async #carryOut(job: Job, control: JobControl): Promise<JobResult> {
    if (this.#stopped) throw new StorageError('CLOSED', `the ${job.kind} comes after the end of its thread`);
    const flag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const progress = new BigUint64Array(new SharedArrayBuffer(2 * BigUint64Array.BYTES_PER_ELEMENT));
    const tell = teller(progress, control);
    const poll = setInterval(() => {
      if (control.cancelled()) cancel(flag);
      tell();
    }, POLL_MS);
    this.#worker ??= this.#start();
    this.#worker.ref();
    try {
      return await this.#ask(this.#worker, { job, flag, progress });
    } finally {
      clearInterval(poll);
      this.#underWay = undefined;
      this.#worker?.unref();
    }
  }

  #ask(worker: Worker, request: JobRequest): Promise<JobResult> {
    return new Promise((resolve, reject) => {
      this.#underWay = { resolve, reject };
      worker.postMessage(request);
    });
  }

  #start(): Worker {
    const worker = new Worker(this.#entry, this.#options);
    worker.on('message', (reply: JobReply) => {
      if ('result' in reply) this.#underWay?.resolve(reply.result);
      else this.#underWay?.reject(unpackError(reply.error));
    });
    worker.on('error', (cause) => this.#lose(worker, 'crashed', cause));
    worker.on('messageerror', (cause) => this.#lose(worker, 'sent what cannot be read', cause));
    worker.on('exit', (code) => this.#lose(worker, `ended with exit code ${code}`));
    return worker;
  }

  #lose(worker: Worker, how: string, cause?: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#underWay?.reject(new StorageError('IO_ERROR', `the worker thread ${how}`, { cause }));
    void worker.terminate();
  }
}

/** Tells the starter of a job how far it has come, if that is further than when it was told last. */
function teller(progress: BigUint64Array, control: JobControl): () => void {
  let told = 0;
  return () => {
    const bytesRead = Number(Atomics.load(progress, 0));
    if (bytesRead === told) return;
    told = bytesRead;
    control.progressed?.({ bytesRead, bytesWritten: Number(Atomics.load(progress, 1)) });
  };
}

function cancel(flag: Int32Array): void {
  Atomics.store(flag, 0, CANCELLED);
  Atomics.notify(flag, 0);
}
