/** Worker processes, each with a queue of its own. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SeedResult } from '../run-seed.ts';
import type { SeedTask, WorkerMessage } from './worker-messages.ts';

interface QueuedTask {
  readonly task: SeedTask;
  readonly resolve: (result: SeedResult) => void;
  readonly reject: (error: Error) => void;
}

/** Runs tasks one after the other in a process of its own. */
export class Worker {
  readonly #process: ChildProcess;
  readonly #queue: QueuedTask[] = [];
  #running: QueuedTask | undefined;
  #exited: Error | undefined;

  constructor() {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#process = fork(fileURLToPath(new URL(`./worker.${extension}`, import.meta.url)));
    this.#process.on('message', (message: WorkerMessage) => this.#finished(message));
    this.#process.on('exit', (code, signal) => this.#died(new Error(`a worker exited with ${signal ?? code}`)));
  }

  /** Tasks that wait or run. */
  get load(): number {
    return this.#queue.length + (this.#running === undefined ? 0 : 1);
  }

  /** Rejects when the process dies. */
  run(task: SeedTask): Promise<SeedResult> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ task, resolve, reject });
      this.#next();
    });
  }

  stop(): void {
    this.#process.kill();
  }

  #next(): void {
    if (this.#exited !== undefined) this.#died(this.#exited);
    if (this.#running !== undefined) return;
    this.#running = this.#queue.shift();
    if (this.#running !== undefined) this.#process.send(this.#running.task);
  }

  #finished({ result }: WorkerMessage): void {
    const finished = this.#running;
    this.#running = undefined;
    finished?.resolve(result);
    this.#next();
  }

  #died(error: Error): void {
    this.#exited = error;
    this.#running?.reject(error);
    this.#running = undefined;
    for (const { reject } of this.#queue.splice(0)) reject(error);
  }
}
