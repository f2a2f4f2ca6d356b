/**
 * Background work: flushing full memtables into runs, merging runs, and committing both to the manifest.
 *
 * The order that durability hangs on: run written, synced, its name synced; manifest edit durable; only then are the
 * files it replaces removed.
 */

import type { CommitLog } from './commit-log/commit-log.ts';
import { mergeRuns } from './compaction/merge-runs.ts';
import { pickCompaction, planFullCompaction } from './compaction/pick-compaction.ts';
import type { CompactionPlan } from './compaction/pick-compaction.ts';
import { runFileName } from './file-names.ts';
import type { Memtable } from './memtable/memtable.ts';
import type { ResolvedOptions } from './options.ts';
import type { Codec } from './ports/codec.ts';
import type { FileSystem } from './ports/file-system.ts';
import type { Jobs } from './ports/jobs.ts';
import type { AddedRun, Manifest, ManifestPosition } from './ports/manifest.ts';
import { writeRun } from './sorted-run/run-writer.ts';
import type { RunPlan, SortedRunWriter } from './sorted-run/run-writer.ts';
import { SortedRun } from './sorted-run/sorted-run.ts';
import type { StoreView } from './store-view.ts';

export interface MaintenanceDependencies {
  readonly fileSystem: FileSystem;
  readonly manifest: Manifest;
  readonly jobs: Jobs;
  readonly codec: Codec;
  readonly view: StoreView;
  readonly log: CommitLog;
  /** Called once when a flush or a manifest commit failed: memory and disk may differ now. */
  readonly failed: (cause: unknown) => void;
}

export class Maintenance {
  readonly #use: MaintenanceDependencies;
  readonly #options: ResolvedOptions;
  #position: Pick<ManifestPosition, 'flushedSequence' | 'oldestSegment'>;
  #nextFileNumber: number;
  /** These two never reject: what fails is kept in the failures below. */
  #flushing: Promise<void> | undefined;
  #compacting: Promise<void> | undefined;
  /** Rejected for good once a commit failed, so that none follows it. */
  #lastCommit: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  #compactionFailure: Error | undefined;
  #stopped = false;
  #flushes = 0;
  #compactions = 0;

  constructor(dependencies: MaintenanceDependencies, options: ResolvedOptions, position: ManifestPosition) {
    this.#use = dependencies;
    this.#options = options;
    this.#position = position;
    this.#nextFileNumber = position.nextFileNumber;
  }

  get flushedSequence(): number {
    return this.#position.flushedSequence;
  }

  get flushes(): number {
    return this.#flushes;
  }

  get compactions(): number {
    return this.#compactions;
  }

  get compactionFailure(): Error | undefined {
    return this.#compactionFailure;
  }

  /** Waits while the memtable is full and the one before it is still being flushed. */
  async admit(): Promise<void> {
    while (this.#memtableIsFull() && this.#flushing !== undefined) await this.#flushing;
  }

  /** Begins whatever flush and compaction the present sizes call for. */
  keepUp(): void {
    if (this.#stopped || this.#failure !== undefined) return;
    if (this.#memtableIsFull() && this.#flushing === undefined) void this.#startFlush();
    this.#compacting ??= this.#compactWhileNeeded();
  }

  /** Puts everything that is readable now into runs. */
  async flush(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    if (this.#failure === undefined && this.#use.view.active.size > 0) await this.#startFlush();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Flushes, and merges all runs into one, without tombstones. */
  async compact(): Promise<void> {
    await this.flush();
    while (this.#compacting !== undefined) await this.#compacting;
    const plan = planFullCompaction(this.#use.view.runs.map((run) => run.description));
    if (plan === undefined) return;
    const attempt = this.#attempt(plan);
    this.#compacting = attempt.then(() => (this.#compacting = undefined));
    const failure = await attempt;
    if (failure !== undefined) throw failure;
  }

  /** Finishes the flush under way and gives up the compaction under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    while (this.#flushing !== undefined) await this.#flushing;
    while (this.#compacting !== undefined) await this.#compacting;
  }

  #memtableIsFull(): boolean {
    return this.#use.view.active.bytes >= this.#options.memtableBytes;
  }

  #startFlush(): Promise<void> {
    this.#flushing = this.#flushFrozen(this.#use.view.freeze())
      .catch((cause: unknown) => this.#fail(cause))
      .finally(() => {
        this.#flushing = undefined;
        this.keepUp();
      });
    return this.#flushing;
  }

  async #flushFrozen(frozen: Memtable): Promise<void> {
    const { fileSystem, codec, jobs, view, log } = this.#use;
    const plan = this.#planRun(frozen.firstSequence, frozen.lastSequence);
    const dropTombstones = view.runs.length === 0;
    const added = await jobs.run('flush', () =>
      writeRun(fileSystem, codec, plan, (writer) => writeMemtable(frozen, dropTombstones, writer)),
    );
    await this.#commit(added, [], () => ({
      flushedSequence: frozen.lastSequence,
      oldestSegment: log.oldestNeeded(frozen.lastSequence),
    }));
    view.replaceFrozen(await this.#openRun(added));
    this.#flushes++;
    await log.removeBelow(this.#position.oldestSegment);
  }

  async #compactWhileNeeded(): Promise<void> {
    // A turn later, so that the caller has stored this promise before it can end.
    await Promise.resolve();
    const shape = { fan: this.#options.compactionFan, memtableBytes: this.#options.memtableBytes };
    while (!this.#stopped && this.#failure === undefined) {
      const plan = pickCompaction(
        this.#use.view.runs.map((run) => run.description),
        shape,
      );
      if (plan === undefined) break;
      if ((await this.#attempt(plan)) !== undefined) break;
    }
    this.#compacting = undefined;
  }

  /** What it failed with. A merge that fails leaves everything as it was; a commit that fails does not. */
  async #attempt(plan: CompactionPlan): Promise<Error | undefined> {
    const { view } = this.#use;
    const inputs = view.runs.filter((run) => plan.inputs.includes(run.description.number));
    try {
      const added = await this.#merge(plan, inputs);
      try {
        await this.#commit(added, plan.inputs, () => this.#position);
        view.replaceRuns(inputs, await this.#openRun(added));
      } catch (cause) {
        this.#fail(cause);
        throw cause;
      }
      await this.#removeRuns(inputs);
      this.#compactions++;
      this.#compactionFailure = undefined;
    } catch (error) {
      const failure = asError(error);
      if (!this.#stopped) this.#compactionFailure = failure;
      return failure;
    }
    return undefined;
  }

  #merge(plan: CompactionPlan, inputs: readonly SortedRun[]): Promise<AddedRun | undefined> {
    const { fileSystem, codec, jobs } = this.#use;
    const sequences = inputs.map((run) => run.description);
    const runPlan = this.#planRun(
      Math.min(...sequences.map((run) => run.firstSequence)),
      Math.max(...sequences.map((run) => run.lastSequence)),
    );
    const mergePlan = { ...runPlan, dropTombstones: plan.dropTombstones };
    return jobs.run('compaction', () => mergeRuns(fileSystem, codec, inputs, mergePlan, () => this.#stopped));
  }

  async #removeRuns(runs: readonly SortedRun[]): Promise<void> {
    for (const run of runs) {
      await run.close();
      await this.#use.fileSystem.remove(runFileName(run.description.number));
    }
  }

  #planRun(firstSequence: number, lastSequence: number): RunPlan {
    return { number: this.#nextFileNumber++, blockBytes: this.#options.blockBytes, firstSequence, lastSequence };
  }

  async #openRun(added: AddedRun | undefined): Promise<SortedRun | undefined> {
    if (added === undefined) return undefined;
    return SortedRun.open(this.#use.fileSystem, added.run, added.pages, this.#use.codec);
  }

  /** One commit after the other; each takes the position as the one before it left it. */
  #commit(
    added: AddedRun | undefined,
    removedRuns: readonly number[],
    move: () => Pick<ManifestPosition, 'flushedSequence' | 'oldestSegment'>,
  ): Promise<void> {
    const commit = async (): Promise<void> => {
      const { flushedSequence, oldestSegment } = move();
      await this.#use.manifest.commit({
        flushedSequence,
        oldestSegment,
        nextFileNumber: this.#nextFileNumber,
        addedRuns: added === undefined ? [] : [added],
        removedRuns,
      });
      this.#position = { flushedSequence, oldestSegment };
    };
    this.#lastCommit = this.#lastCommit.then(commit);
    return this.#lastCommit;
  }

  #fail(cause: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = asError(cause);
    this.#use.failed(cause);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

async function writeMemtable(memtable: Memtable, dropTombstones: boolean, writer: SortedRunWriter): Promise<void> {
  for (const entry of memtable.inOrder()) {
    if (entry.value === undefined && dropTombstones) continue;
    writer.add(entry.key, entry.meta, entry.value);
    await writer.drain();
  }
}
