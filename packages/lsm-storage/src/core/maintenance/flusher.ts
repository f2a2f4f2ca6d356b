/**
 * Puts full memtables into runs, oldest first, one at a time.
 *
 * The order that durability hangs on: run written, synced, its name synced; manifest edit durable; only then are the
 * segments it replaces removed.
 */

import type { CommitLog } from '../commit-log/commit-log.ts';
import { CorruptionError, StorageError, isDiskFull, isIoError } from '../errors.ts';
import type { FlushJob } from '../jobs/job.ts';
import { flushMemtable } from '../jobs/flush.ts';
import type { Memtable } from '../memtable/memtable.ts';
import type { StorageClock } from '../ports/clock.ts';
import type { AddedRun } from '../ports/manifest.ts';
import type { Store } from '../store/store.ts';
import type { JobRunner } from './job-runner.ts';

export interface FlusherDependencies {
  readonly store: Store;
  readonly log: CommitLog;
  readonly jobs: JobRunner;
  readonly clock: StorageClock;
  /** Sequence of the newest entry that is acknowledged: no memtable that ends behind it is flushed yet. */
  readonly acknowledged: () => number;
  /** Why nothing may be written any more: then no flush begins, since the log may hold more than was acknowledged. */
  readonly poison: () => Error | undefined;
  /** Called once when a flush failed that cannot be tried again: memory and disk may differ now. */
  readonly failed: (cause: unknown) => void;
  /** A flush is done. */
  readonly flushed: () => void;
}

/** How long after a full disk the next attempt is made. */
const RETRY_MS = 500;

export class Flusher {
  readonly #use: FlusherDependencies;
  #running: Promise<void> | undefined;
  #failure: Error | undefined;
  #diskFull: StorageError | undefined;
  #stopped = false;
  #flushes = 0;
  #bytesWritten = 0;
  /** The segment that took the place of a damaged one last; 0: none did. */
  #newestSegment = 0;

  constructor(dependencies: FlusherDependencies) {
    this.#use = dependencies;
  }

  get flushes(): number {
    return this.#flushes;
  }

  /** Bytes that flushes wrote. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** Set while flushes wait for space on the disk. */
  get diskFull(): StorageError | undefined {
    return this.#diskFull;
  }

  /** Resolves when the flush under way, or the wait before the next attempt, has ended; `undefined`: there is none. */
  get running(): Promise<void> | undefined {
    return this.#running;
  }

  /** Begins to flush what is full; a memtable that was set aside counts as that. */
  keepUp(): void {
    if (this.#stopped || this.#failure !== undefined || this.#use.poison() !== undefined) return;
    if (this.#next() === undefined) return;
    this.#running ??= this.#step().finally(() => {
      this.#running = undefined;
      this.keepUp();
    });
  }

  /** Flushes all memtables that were set aside. Throws what keeps it from doing so. */
  async finish(): Promise<void> {
    for (this.keepUp(); this.#running !== undefined; ) {
      const before = this.#diskFull;
      await this.#running;
      // What failed before the call may have been the wait for this attempt.
      if (this.#diskFull !== undefined && this.#diskFull !== before) throw this.#diskFull;
    }
    if (this.#failure !== undefined) throw this.#failure;
    const poison = this.#use.poison();
    if (poison !== undefined && this.#next() !== undefined) throw poison;
    if (this.#stopped && this.#next() !== undefined) {
      throw new StorageError('CLOSED', 'the engine was closed before the flush began');
    }
  }

  /** Finishes the flush under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    while (this.#running !== undefined) await this.#running;
  }

  #next(): Memtable | undefined {
    const { memtables } = this.#use.store.current;
    const oldest = memtables.at(-1);
    return memtables.length > 1 && oldest !== undefined && oldest.lastSequence <= this.#use.acknowledged()
      ? oldest
      : undefined;
  }

  async #step(): Promise<void> {
    const memtable = this.#next();
    if (memtable === undefined) return;
    try {
      await this.#flush(memtable);
      this.#diskFull = undefined;
      this.#flushes++;
      this.#use.flushed();
    } catch (error) {
      if (isDiskFull(error)) await this.#waitForSpace(error);
      else this.#fail(error);
    }
  }

  async #flush(memtable: Memtable): Promise<void> {
    const { store, log, jobs } = this.#use;
    const job = jobs.planFlush(memtable);
    const added = memtable.size === 0 ? undefined : await this.#write(job, memtable);
    this.#bytesWritten += (added?.run.bytes ?? 0) + (added?.valueFile?.bytes ?? 0);
    const oldestSegment = this.#oldestNeededWithout(memtable);
    await store.flushed(memtable, added, { flushedSequence: memtable.lastSequence, oldestSegment });
    await log.removeBelow(oldestSegment);
  }

  /**
   * From the log; from memory if the log turns out to be damaged or unreadable before it could go. What is damaged must
   * not stay as the newest segment, which no opening would read past, so another one takes its place.
   */
  async #write(job: FlushJob, memtable: Memtable): Promise<AddedRun | undefined> {
    const { jobs } = this.#use;
    try {
      return await jobs.run(job, this);
    } catch (error) {
      if (!(error instanceof CorruptionError) && !isIoError(error)) throw error;
      await this.#replaceNewest(memtable);
      return flushMemtable(memtable, job, jobs.portsFor(this));
    }
  }

  async #replaceNewest({ segments, lastSequence }: Memtable): Promise<void> {
    const last = segments.at(-1);
    if (last !== undefined) this.#newestSegment = await this.#use.log.beginBehind(last, lastSequence + 1);
  }

  cancelled(): boolean {
    return false;
  }

  #oldestNeededWithout(flushed: Memtable): number {
    for (const memtable of this.#use.store.current.memtables.toReversed()) {
      const [first] = memtable.segments;
      if (memtable !== flushed && first !== undefined) return first;
    }
    const last = flushed.segments.at(-1) ?? this.#use.store.position.oldestSegment;
    return Math.max(last, this.#newestSegment);
  }

  async #waitForSpace(error: StorageError): Promise<void> {
    this.#diskFull = error;
    await this.#use.clock.pause(RETRY_MS);
  }

  #fail(cause: unknown): void {
    this.#failure = cause instanceof Error ? cause : new Error(String(cause));
    this.#use.failed(cause);
  }
}
