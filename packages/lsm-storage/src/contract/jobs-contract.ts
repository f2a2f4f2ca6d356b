/** What the engine relies on in the runner of its background work. */

import { CorruptionError, StorageError } from '../core/errors.ts';
import type { CompactionJob, FlushJob, Job, JobResult, RunCut, RunPlan } from '../core/jobs/job.ts';
import type { JobControl, Jobs } from '../core/ports/jobs.ts';
import { codeOf, withSubject } from './primitives.ts';
import type { SubjectFactory, TestPrimitives } from './primitives.ts';

/** What a rehearsed job does, by the number of the run that it plans. */
const SUCCEED = 1;
const FAIL = 2;
const LAST_UNTIL_CANCELLED = 3;
const TELL_WHAT_IS_CUT_OUT = 4;

const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * Does what jobs of this suite are to do. A runner that has jobs done elsewhere, where a function cannot be sent, is
 * tested with this in the place of `runJob` there.
 */
export async function rehearse(job: Job, control: JobControl): Promise<JobResult> {
  switch (job.plan.run) {
    case SUCCEED:
      return { added: { run: DESCRIPTION, pages: [page(0), page(1)], valueFile: undefined } };
    case TELL_WHAT_IS_CUT_OUT: {
      const { footer, ranges, tombstones } = (job as CompactionJob).cut as RunCut;
      const smallestKey = ranges[0]?.from ?? NO_BYTES;
      const run = { ...DESCRIPTION, ...footer, smallestKey, largestKey: tombstones[0]?.to };
      return { added: { run, pages: [], valueFile: undefined } };
    }
    case LAST_UNTIL_CANCELLED:
      while (!control.cancelled()) await Promise.resolve();
      throw givenUp();
    default: {
      const cause = new StorageError('IO_ERROR', 'the disk is gone');
      throw new CorruptionError('0000000007.run', 42, 'its footer is missing', { cause });
    }
  }
}

export function jobsContract(primitives: TestPrimitives, factory: SubjectFactory<Jobs>): void {
  const { describe, it, expect } = primitives;
  const test = (name: string, body: (jobs: Jobs) => Promise<void>): void => it(name, () => withSubject(factory, body));

  describe('jobs', () => {
    test('carries each job out, at most once here, and hands on what comes of it', async (jobs) => {
      for (const job of [flush(SUCCEED), compaction(SUCCEED), flush(SUCCEED), cuttingOut]) {
        let runs = 0;
        const here = (): Promise<JobResult> => {
          runs++;
          return rehearse(job, wanted);
        };
        expect(await jobs.run(job, wanted, here)).toEqual(await rehearse(job, wanted));
        expect(runs <= 1).toBe(true);
      }
    });

    test('hands on a failure with all that it says, and runs the next job', async (jobs) => {
      const job = flush(FAIL);
      const failure = await jobs.run(job, wanted, () => rehearse(job, wanted)).catch((error: unknown) => error);
      const { code, message, file, offset, cause } = failure as CorruptionError;
      expect({ code, message, file, offset }).toEqual({
        code: 'CORRUPTION',
        message: '0000000007.run is damaged at byte 42: its footer is missing',
        file: '0000000007.run',
        offset: 42,
      });
      expect(failure instanceof CorruptionError && cause instanceof StorageError && cause.code).toBe('IO_ERROR');
      const next = flush(SUCCEED);
      expect((await jobs.run(next, wanted, () => rehearse(next, wanted))).added?.run.number).toBe(SUCCEED);
    });

    test('lets a flush run while a compaction lasts, which ends when it is cancelled', async (jobs) => {
      const lasting = new LastingJob();
      const ended = codeOf(() => jobs.run(compaction(LAST_UNTIL_CANCELLED), lasting, () => lasting.here()));
      const job = flush(SUCCEED);
      expect((await jobs.run(job, wanted, () => rehearse(job, wanted))).added?.run.number).toBe(SUCCEED);
      lasting.cancel();
      expect(await ended).toBe('CLOSED');
    });
  });
}

const wanted: JobControl = { cancelled: () => false };

/** A job that ends when it is cancelled, without asking over and over as one on another thread may. */
class LastingJob implements JobControl {
  #cancelled = false;
  #release: (() => void) | undefined;
  readonly #released: Promise<void>;

  constructor() {
    this.#released = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  cancelled(): boolean {
    return this.#cancelled;
  }

  cancel(): void {
    this.#cancelled = true;
    this.#release?.();
  }

  async here(): Promise<JobResult> {
    await this.#released;
    throw givenUp();
  }
}

function givenUp(): StorageError {
  return new StorageError('CLOSED', 'the job was given up');
}

/** Views of memory that they share, as a writer of pages may leave them. */
const MEMORY = Uint8Array.from({ length: 64 }, (_, i) => i);
const page = (at: number) => ({
  firstKey: MEMORY.subarray(at, at + at),
  index: MEMORY.subarray(8 * at, 8 * at + 8),
  filter: Uint8Array.of(at, 1, 2, 3),
});

const DESCRIPTION = {
  number: SUCCEED,
  bytes: 1000,
  footerChecksum: 12345,
  entries: 10,
  tombstones: 1,
  ranges: 0,
  firstSequence: 1,
  lastSequence: 10,
  smallestKey: MEMORY.subarray(3, 5),
  largestKey: undefined,
  earliestDeadline: 0,
  references: [{ file: 2, values: 1, bytes: 5000 }],
};

const plan = (run: number): RunPlan => ({
  run,
  valueFile: 9,
  blockBytes: 16_384,
  separateBytes: 4096,
  firstSequence: 1,
  lastSequence: 10,
});

const disposal = { oldest: false, now: 0, purge: { versionAt: { offset: 0, length: 0 }, rules: [] } };

const flush = (run: number): FlushJob => ({ kind: 'flush', segments: [1], plan: plan(run), disposal });

const compaction = (run: number): CompactionJob => ({
  kind: 'compaction',
  inputs: [],
  relocated: [],
  plan: plan(run),
  disposal,
  bytesPerSecond: 0,
});

const cuttingOut: CompactionJob = {
  ...compaction(TELL_WHAT_IS_CUT_OUT),
  cut: {
    run: 7,
    ranges: [{ from: MEMORY.subarray(2, 5), to: undefined }],
    gaps: [{ from: 24, to: 2 ** 40 }],
    valueFiles: [9],
    footer: { entriesEnd: 2 ** 40, entries: 3, tombstones: 1, ranges: 1, firstSequence: 1, lastSequence: 10 },
    tombstones: [{ from: MEMORY.subarray(5, 6), to: MEMORY.subarray(6, 9) }],
  },
};
