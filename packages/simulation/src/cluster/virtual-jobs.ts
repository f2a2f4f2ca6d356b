/** The storage engine's background work in virtual time: it begins a while later and runs among everything else. */
import type { Job, JobControl, JobResult, Jobs } from '@kv/lsm-storage/core';
import type { Incarnation } from '../world/incarnation.ts';
import type { SeededRandom } from '../world/seeded-random.ts';

export class VirtualJobs implements Jobs {
  readonly #incarnation: Incarnation;
  readonly #random: SeededRandom;
  readonly #waitMs: number;
  /** Settles, never failing, when the last job of that kind has ended. */
  readonly #lastOf = new Map<Job['kind'], Promise<unknown>>();

  /** @param waitMs mean time until a job begins, in milliseconds */
  constructor(incarnation: Incarnation, random: SeededRandom, waitMs: number) {
    this.#incarnation = incarnation;
    this.#random = random;
    this.#waitMs = waitMs;
  }

  run({ kind }: Job, _control: JobControl, here: () => Promise<JobResult>): Promise<JobResult> {
    const previous = this.#lastOf.get(kind) ?? Promise.resolve();
    const job = previous.then(() => this.#wait()).then(here);
    this.#lastOf.set(
      kind,
      job.catch(() => undefined),
    );
    return job;
  }

  async stop(): Promise<void> {}

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#incarnation.runAfter(this.#random.exponential(this.#waitMs), resolve);
    });
  }
}
