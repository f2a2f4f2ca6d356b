/** Merges runs whenever their number, their garbage or their tombstones call for it, one merge at a time. */

import { isMostlyTombstones, pickCompaction, planFull, planRange } from '../compaction/pick-compaction.ts';
import type { CompactionPlan } from '../compaction/pick-compaction.ts';
import { StorageError, isDiskFull } from '../errors.ts';
import type { CompactionJob } from '../jobs/job.ts';
import type { ResolvedOptions } from '../options.ts';
import type { StorageClock } from '../ports/clock.ts';
import type { JobProgress } from '../ports/jobs.ts';
import type { SortedRun } from '../sorted-run/sorted-run.ts';
import type { Store } from '../store/store.ts';
import type { KeyRange } from '../versioned-entry.ts';
import type { JobRunner } from './job-runner.ts';

export interface CompactorDependencies {
  readonly store: Store;
  readonly jobs: JobRunner;
  readonly clock: StorageClock;
  /** Called once when an edit of the manifest failed half-way: memory and disk may differ now. */
  readonly failed: (cause: unknown) => void;
  /** Told of every compaction, from its beginning to its end. */
  readonly told: (progress: CompactionProgress) => void;
}

/** How far a compaction has come. */
export interface CompactionProgress {
  /** `begun` once, `running` now and then, at last either `ended` or `failed`: nothing has changed then. */
  readonly stage: 'begun' | 'running' | 'ended' | 'failed';
  readonly reason: CompactionPlan['reason'];
  /** The runs that are merged. */
  readonly inputs: number;
  /** Bytes read so far of the runs, and of the values that move to another file. */
  readonly bytesRead: number;
  /** How many there are to read; a little less is read where values that were to move turn out to be replaced. */
  readonly bytesTotal: number;
  readonly bytesWritten: number;
}

export class Compactor {
  readonly #use: CompactorDependencies;
  readonly #options: ResolvedOptions;
  /** Never rejects: what fails is kept below. */
  #running: Promise<void> | undefined;
  #failure: Error | undefined;
  #underWay: CompactionProgress | undefined;
  /** What the caller threw that was told of the compaction begun last. */
  #listenerFailure: Error | undefined;
  #broken = false;
  #stopped = false;
  #compactions = 0;
  #bytesWritten = 0;
  /** Runs that nothing older lies below, and that keep their tombstones for want of a purge rule. */
  readonly #heldTombstones: Set<number> = new Set();

  constructor(dependencies: CompactorDependencies, options: ResolvedOptions) {
    this.#use = dependencies;
    this.#options = options;
  }

  get compactions(): number {
    return this.#compactions;
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** The compaction that is being carried out. */
  get underWay(): CompactionProgress | undefined {
    return this.#underWay;
  }

  /**
   * Why the last compaction failed, until one succeeds; or what the caller did wrong about it: no purge rules to be had, an
   * exception where it was told of it.
   */
  get failure(): Error | undefined {
    return this.#failure ?? this.#use.jobs.rulesFailure ?? this.#listenerFailure;
  }

  get running(): Promise<void> | undefined {
    return this.#running;
  }

  /** Begins whatever compaction the present runs call for. */
  keepUp(): void {
    if (this.#stopped || this.#broken || this.#running !== undefined) return;
    if (this.#pick() !== undefined) void this.#start(() => this.#compactWhileNeeded());
  }

  /** Merges all runs into one, and moves values together out of files that are partly garbage. */
  async full(): Promise<void> {
    const planned = (): CompactionPlan | undefined => planFull(this.#use.store.runs, this.#use.store.valueFiles);
    await this.#manual(planned);
    // Which values were replaced is known only now that their entries have met.
    await this.#manual(() => {
      const plan = planned();
      return plan !== undefined && plan.relocate.length > 0 ? plan : undefined;
    });
  }

  /** Merges all runs that hold anything of a key range. */
  range(range: KeyRange): Promise<void> {
    return this.#manual(() => planRange(this.#use.store.runs, range));
  }

  /**
   * Carries out what is planned, one after the other, while no other compaction runs: the runs that are there when it begins
   * are there to the end. Fails with what the planning throws, or at the first one that fails.
   */
  async exclusively(planned: () => readonly CompactionPlan[]): Promise<void> {
    await this.#idle();
    const plans = planned();
    let done = 0;
    await this.#start(async () => {
      for (const plan of plans) {
        if (this.#stopped || !(await this.#attempt(plan))) return;
        done++;
      }
    });
    if (done === plans.length) return;
    throw this.#stopped || this.#failure === undefined ? closed() : this.#failure;
  }

  /** Resolves when nothing calls for a compaction any more. */
  async settled(): Promise<void> {
    for (this.keepUp(); this.#running !== undefined; this.keepUp()) {
      await this.#running;
      if (this.#failure !== undefined) throw this.#failure;
    }
  }

  /** Gives up the compaction under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    while (this.#running !== undefined) await this.#running;
  }

  cancelled(): boolean {
    return this.#stopped;
  }

  progressed(progress: JobProgress): void {
    if (this.#underWay !== undefined) this.#tell({ ...this.#underWay, ...progress, stage: 'running' });
  }

  async #manual(planned: () => CompactionPlan | undefined): Promise<void> {
    await this.#idle();
    const plan = planned();
    if (plan === undefined) return;
    await this.#start(() => this.#attempt(plan));
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    if (this.#stopped) throw closed();
  }

  #start(work: () => Promise<unknown>): Promise<void> {
    this.#running = work().then(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  #pick(): CompactionPlan | undefined {
    const { store, clock, jobs } = this.#use;
    if (jobs.purgeRulesChanged()) this.#heldTombstones.clear();
    const { scaling, garbageRatio } = this.#options;
    return pickCompaction(store.runs, store.valueFiles, {
      scaling,
      garbageRatio,
      now: clock.now(),
      heldTombstones: this.#heldTombstones,
    });
  }

  async #compactWhileNeeded(): Promise<void> {
    // A turn later, so that the caller has stored this promise before it can end.
    await Promise.resolve();
    for (let plan = this.#pick(); plan !== undefined && !this.#stopped; plan = this.#pick()) {
      if (!(await this.#attempt(plan))) return;
    }
  }

  /** A merge that fails leaves everything as it was; an edit that fails does not. */
  async #attempt(plan: CompactionPlan): Promise<boolean> {
    const { store, jobs } = this.#use;
    const inputs = store.current.runs.filter((run) => plan.inputs.includes(run.description.number));
    try {
      const job = jobs.planCompaction(plan, inputs);
      this.#listenerFailure = undefined;
      this.#tell({
        stage: 'begun',
        reason: plan.reason,
        inputs: inputs.length,
        bytesRead: 0,
        bytesTotal: bytesToRead(job),
        bytesWritten: 0,
      });
      await this.#compact(plan, inputs, job);
      this.#failure = undefined;
      return true;
    } catch (error) {
      if (!this.#stopped) this.#failure = error instanceof Error ? error : new Error(String(error));
      if (this.#underWay !== undefined) this.#tell({ ...this.#underWay, stage: 'failed' });
      return false;
    }
  }

  async #compact(plan: CompactionPlan, inputs: readonly SortedRun[], job: CompactionJob): Promise<void> {
    const { store, jobs } = this.#use;
    const added = await jobs.run(job, this);
    try {
      await store.compacted(inputs, added);
    } catch (cause) {
      if (isDiskFull(cause)) throw cause;
      this.#broken = true;
      this.#use.failed(cause);
      throw cause;
    }
    for (const input of plan.inputs) this.#heldTombstones.delete(input);
    if (plan.oldest && added !== undefined && isMostlyTombstones(added.run)) this.#heldTombstones.add(added.run.number);
    this.#compactions++;
    const bytesWritten = (added?.run.bytes ?? 0) + (added?.valueFile?.bytes ?? 0);
    this.#bytesWritten += bytesWritten;
    const { underWay } = this;
    if (underWay === undefined) return;
    this.#tell({ ...underWay, stage: 'ended', bytesRead: underWay.bytesTotal, bytesWritten });
  }

  /** What the caller throws must not fail a compaction. */
  #tell(progress: CompactionProgress): void {
    this.#underWay = progress.stage === 'begun' || progress.stage === 'running' ? progress : undefined;
    try {
      this.#use.told(progress);
    } catch (cause) {
      this.#listenerFailure = new StorageError('INVALID_ARGUMENT', 'onCompaction must not throw, and did', { cause });
    }
  }
}

function closed(): StorageError {
  return new StorageError('CLOSED', 'the engine was closed before the compaction was done');
}

function bytesToRead({ inputs, relocated }: CompactionJob): number {
  const moving = new Set(relocated.map(({ number }) => number));
  let bytes = 0;
  for (const run of inputs) {
    bytes += run.bytes;
    for (const reference of run.references) if (moving.has(reference.file)) bytes += reference.bytes;
  }
  return bytes;
}
