/**
 * The engine: an ordered map from byte strings to byte strings that survives crashes.
 *
 * A write is judged and given its place in the one order of writes inside the call: it is encoded into the memtable, its
 * group is logged and synced, and then it is acknowledged and readable. Full memtables become sorted runs; runs are
 * merged. A read asks the memtables, then the runs from the newest to the oldest.
 */

import { allSteps } from './all-steps.ts';
import { BlockCache } from './cache/block-cache.ts';
import { Care } from './care/care.ts';
import type { Checkpoint, CheckpointOptions } from './care/checkpoints.ts';
import type { Loss } from './care/losses.ts';
import type { VerifyOptions, VerifyReport } from './care/verify.ts';
import type { CommitLog } from './commit-log/commit-log.ts';
import { GROUP_BYTES } from './commit-log/frame.ts';
import { GroupCommit } from './commit-log/group-commit.ts';
import { GroupLog } from './commit-log/group-log.ts';
import { copyBytes } from './bytes.ts';
import type { Applied, Decide, Merged, Offered } from './entry.ts';
import { StorageError } from './errors.ts';
import { LOCK_FILE } from './file-names.ts';
import { judge } from './judge.ts';
import { hashKey } from './key-hash.ts';
import { BackPressure } from './maintenance/back-pressure.ts';
import { Compactor } from './maintenance/compactor.ts';
import { Flusher } from './maintenance/flusher.ts';
import { JobRunner } from './maintenance/job-runner.ts';
import { logEntryBytes } from './memtable/log-entry.ts';
import type { Memtable } from './memtable/memtable.ts';
import { SlabPool } from './memtable/slab-pool.ts';
import { resolveOptions } from './options.ts';
import type { ResolvedOptions, StorageOptions } from './options.ts';
import type { StorageClock } from './ports/clock.ts';
import type { FileLock } from './ports/file-system.ts';
import type { Jobs } from './ports/jobs.ts';
import type { Manifest } from './ports/manifest.ts';
import { ReadsUnderWay } from './read/reads-under-way.ts';
import { Snapshot } from './read/snapshot.ts';
import { StoreReads } from './read/store-reads.ts';
import { recover } from './recovery/recover.ts';
import type { RecoveredStore } from './recovery/recover.ts';
import { statsOf } from './stats.ts';
import type { RecoveryReport, StorageStats } from './stats.ts';
import type { StoragePorts } from './storage-ports.ts';
import type { Store } from './store/store.ts';
import type { StoreVersion } from './store/store-version.ts';
import { ValuePacker } from './value-packer.ts';
import { addTo, addVersion, checkBatch, checkEntry, checkRange, checkVersion } from './write.ts';
import type { BatchOperation, PutOptions } from './write.ts';

const NO_BYTES: Uint8Array = new Uint8Array(0);

export class StorageEngine extends StoreReads {
  /** What was found and done at opening. */
  readonly recovery: RecoveryReport;
  protected override readonly clock: StorageClock;
  protected override readonly underWay: ReadsUnderWay = new ReadsUnderWay();
  readonly #manifest: Manifest;
  readonly #jobs: Jobs;
  /** A store that is opened for reading takes none. */
  readonly #lock: FileLock | undefined;
  readonly #options: ResolvedOptions;
  readonly #cache: BlockCache;
  readonly #store: Store;
  readonly #packer: ValuePacker;
  readonly #log: CommitLog;
  readonly #commits: GroupCommit;
  readonly #flusher: Flusher;
  readonly #compactor: Compactor;
  readonly #pressure: BackPressure;
  readonly #care: Care;
  #closing: Promise<void> | undefined;

  private constructor(ports: StoragePorts, options: ResolvedOptions, opened: OpenedStore) {
    super();
    const { store, log, report, lastSequence } = opened.recovered;
    const { clock } = ports;
    this.recovery = report;
    this.clock = clock;
    this.#manifest = ports.manifest;
    this.#jobs = ports.jobs;
    this.#lock = opened.lock;
    this.#options = options;
    this.#cache = opened.cache;
    this.#store = store;
    this.#packer = new ValuePacker(ports.codec, options.separateBytes);
    this.#log = log;
    const jobs = new JobRunner({ ...ports, store }, options);
    const failed = (cause: unknown): void => this.#commits.poisonWith(cause);
    const acknowledged = (): number => this.#commits.acknowledged;
    const poison = (): Error | undefined => this.#commits.poison;
    const keepUp = (): void => this.#compactor.keepUp();
    this.#flusher = new Flusher({ store, log, jobs, clock, acknowledged, poison, failed, flushed: keepUp });
    this.#compactor = new Compactor(
      { store, jobs, clock, failed, told: (progress) => options.onCompaction?.(progress) },
      options,
    );
    this.#care = new Care({
      ...{ ...ports, store, log, compactor: this.#compactor, underWay: this.underWay, readOnly: options.readOnly },
      assertOpen: () => this.assertOpen(),
      flush: () => this.flush(),
      openForReading: (reading) => StorageEngine.open(reading, { readOnly: true, cacheBytes: 0 }),
    });
    this.#pressure = new BackPressure(store, this.#flusher, this.#compactor, clock, options);
    const logging = new GroupLog({ log, clock, failed }, options);
    this.#commits = new GroupCommit(
      {
        memtable: (nextSequence) => this.#memtableFor(nextSequence),
        admit: (memtable) => this.#pressure.admit(memtable),
        append: (group) => logging.append(group),
        publish: () => this.#flusher.keepUp(),
        forget: (sequence) => store.forget(sequence),
      },
      lastSequence,
      Math.min(GROUP_BYTES, options.memtableBytes),
    );
  }

  /**
   * Locks the directory, if not for reading only, reads the manifest, replays the log. Fails with `LOCKED`, a
   * `CorruptionError`, `UNSUPPORTED_FORMAT`, or what the file system ran into; then nothing stays open.
   */
  static async open(ports: StoragePorts, options: StorageOptions = {}): Promise<StorageEngine> {
    let lock: FileLock | undefined;
    try {
      const resolved = resolveOptions(options);
      if (!resolved.readOnly) lock = await ports.fileSystem.lock(LOCK_FILE);
      const cache = new BlockCache(resolved.cacheBytes);
      const recovered = await recover(
        { ...ports, cache, slabs: SlabPool.forMemtables(resolved.memtableBytes) },
        resolved,
      );
      const engine = new StorageEngine(ports, resolved, { recovered, lock, cache });
      if (resolved.readOnly) await engine.#compactor.stop();
      else engine.#compactor.keepUp();
      return engine;
    } catch (error) {
      await ports.jobs.stop();
      await ports.manifest.close();
      await lock?.release();
      throw error;
    }
  }

  /**
   * Writes unless `decide` prefers what is there, or what it makes of both. Resolves when what the engine then holds for
   * the key is durable. Everything is copied before the call returns.
   *
   * Fails with `INVALID_ARGUMENT`, `CLOSED`, `POISONED`, `DISK_FULL`, or with what went wrong in reading what is there.
   */
  async apply(key: Uint8Array, offered: Offered, decide: Decide): Promise<Applied> {
    this.#assertWritable();
    checkVersion(key, offered);
    const hash = hashKey(key);
    const { held, decision } = judge(this.version, key, hash, offered, decide, this.clock.now());
    if (decision === 'keep') {
      const kept = copyBytes(held ?? NO_BYTES);
      await this.#commits.barrier();
      return { outcome: 'kept', meta: kept };
    }
    const kept: Merged = decision === 'replace' ? offered : decision;
    if (kept !== offered) checkVersion(key, kept);
    const meta = copyBytes(kept.meta);
    await this.#write(key, hash, meta, kept.deadline ?? 0, kept.value);
    return { outcome: decision === 'replace' ? 'replaced' : 'merged', meta };
  }

  /** Writes unconditionally: of two calls the later one wins. As {@link StorageEngine.apply} otherwise. */
  put(key: Uint8Array, value: Uint8Array, options: PutOptions = {}): Promise<void> {
    return this.#attempt(() => {
      const { meta = NO_BYTES, deadline = 0 } = options;
      checkEntry(key, meta, value, deadline);
      return this.#write(key, hashKey(key), meta, deadline, value);
    });
  }

  /** Removes the entry, meta included, if there is one: afterwards the engine knows nothing of the key. */
  delete(key: Uint8Array): Promise<void> {
    return this.#attempt(() => {
      checkEntry(key, NO_BYTES, NO_BYTES, 0);
      return this.#write(key, hashKey(key), NO_BYTES, 0, undefined);
    });
  }

  /** Removes all entries with `from <= key < to` (`undefined`: no end), at a cost that does not depend on their number. */
  deleteRange(from: Uint8Array, to: Uint8Array | undefined): Promise<void> {
    return this.batch([{ type: 'delete-range', from, to }]);
  }

  /** Writes all or nothing, in order: after a crash too. At most 64 MiB together, as the log has them. */
  batch(operations: readonly BatchOperation[]): Promise<void> {
    return this.#attempt(() => {
      const bytes = checkBatch(operations);
      if (operations.length === 0) return this.#commits.barrier();
      const memtable = this.#commits.open();
      for (const operation of operations) addTo(memtable, this.#packer, operation);
      return this.#commits.wrote(operations.length, bytes);
    });
  }

  /** What is acknowledged now, for as long as it is not released. */
  snapshot(): Snapshot {
    this.assertOpen();
    return new Snapshot({
      version: this.version,
      upTo: this.upTo,
      clock: this.clock,
      underWay: this.underWay,
      assertOpen: () => this.assertOpen(),
    });
  }

  /** Puts everything written before the call into sorted runs, so that an opening has nothing of it to replay. */
  async flush(): Promise<void> {
    this.#assertWritable();
    const nextSequence = this.#commits.closeOpen();
    if (this.#store.current.active.size > 0) this.#store.addMemtable(nextSequence);
    await this.#commits.barrier();
    await this.#orPoison(this.#flusher.finish());
  }

  /** Flushes and merges all runs into one; of what was deleted or replaced, little takes space afterwards. */
  async compact(): Promise<void> {
    await this.flush();
    await this.#orPoison(this.#compactor.full());
    await this.#store.removals();
  }

  /** As `compact`, for the runs that hold anything of a key range (`to` undefined: no end). */
  async compactRange(from: Uint8Array, to: Uint8Array | undefined): Promise<void> {
    checkRange(from, to);
    await this.flush();
    await this.#orPoison(this.#compactor.range({ from, to }));
    await this.#store.removals();
  }

  /**
   * About how many bytes on disk the entries of a key range take (`to` undefined: no end), to a block of each run. What
   * is still in memtables is not counted.
   */
  approximateBytes(from: Uint8Array, to: Uint8Array | undefined): number {
    this.assertOpen();
    checkRange(from, to);
    return this.#store.current.runs.reduce((bytes, run) => bytes + run.approximateBytes({ from, to }), 0);
  }

  /** Resolves when no flush and no compaction is under way or called for. */
  async settled(): Promise<void> {
    await this.#orPoison(this.#flusher.finish());
    await this.#orPoison(this.#compactor.settled());
    await this.#store.removals();
  }

  /** Reads the whole store and checks all of it; see {@link VerifyReport}. Writes and reads go on meanwhile. */
  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    this.assertOpen();
    return this.#care.verify(options);
  }

  /**
   * Says which keys damage to a run or a value file, as a `CorruptionError` names it, has made unreadable; see {@link Loss}.
   * Reads the file, and of a value file all that points into it. Writes and reads go on meanwhile. Fails with
   * `INVALID_ARGUMENT` for other files, and with a `CorruptionError` of a run that points into the value file and is
   * damaged itself: cut that out first.
   */
  async lossOf(file: string, options: VerifyOptions = {}): Promise<Loss> {
    this.assertOpen();
    return this.#care.lossOf(file, options);
  }

  /**
   * Rewrites the runs of a loss without it. Of its keys, everything up to the damage in age is gone then, whatever that may
   * have hidden included; what is newer stays. Nothing else of the file is lost, and the file goes. Costs what a compaction
   * of the runs costs, and keeps to its rate.
   *
   * Fails with `NOT_FOUND` if a run was compacted away since, with a `CorruptionError` of what is damaged beside
   * the loss: then ask {@link StorageEngine.lossOf} again. A failure changes nothing of the run that it met, but
   * others of the loss may be done by then.
   */
  async cutOut(loss: Loss): Promise<void> {
    this.#assertWritable();
    await this.#orPoison(this.#care.cutOut(loss));
  }

  /**
   * Makes `checkpoints/<name>`, a store of its own that has everything acknowledged before the call, whatever becomes of
   * this one. It shares the files of this store by second names, so it must lie on the same disk, and is no backup yet.
   */
  async checkpoint(name: string, options?: CheckpointOptions): Promise<Checkpoint> {
    this.#assertWritable();
    return this.#orPoison(this.#care.checkpoint(name, options));
  }

  stats(): StorageStats {
    return statsOf({
      scaling: this.#options.scaling,
      state: this.#closing !== undefined ? 'closed' : this.#commits.poison !== undefined ? 'poisoned' : 'open',
      store: this.#store,
      log: this.#log,
      commits: this.#commits,
      cache: this.#cache,
      flusher: this.#flusher,
      compactor: this.#compactor,
      pressure: this.#pressure,
    });
  }

  /**
   * Refuses further calls, finishes the reads and writes accepted so far and the flush under way, gives up what takes
   * longer (compactions, `verify`, checkpoints), seals the log, and unlocks the directory. The memtable stays in the log.
   * Further calls return the same promise.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected override assertOpen(): void {
    if (this.#closing !== undefined) throw new StorageError('CLOSED', 'the storage engine was closed');
  }

  protected override get version(): StoreVersion {
    return this.#store.current;
  }

  /** Readers see what is acknowledged. */
  protected override get upTo(): number {
    return this.#commits.acknowledged;
  }

  #write(
    key: Uint8Array,
    hash: number,
    meta: Uint8Array,
    deadline: number,
    value: Uint8Array | undefined,
  ): Promise<void> {
    const memtable = this.#commits.open();
    addVersion(memtable, this.#packer, key, hash, meta, deadline, value);
    return this.#commits.wrote(1, logEntryBytes(key, meta, deadline, value ?? NO_BYTES));
  }

  /** What a call that returns a promise throws becomes a rejection. */
  #attempt(write: () => Promise<void>): Promise<void> {
    try {
      this.#assertWritable();
      return write();
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Where a new group goes: a memtable that is full is set aside first. */
  #memtableFor(nextSequence: number): Memtable {
    const { active } = this.#store.current;
    return active.bytes < this.#options.memtableBytes ? active : this.#store.addMemtable(nextSequence);
  }

  async #close(): Promise<void> {
    const reading = this.underWay.stop();
    await this.#care.stop();
    await this.#commits.idle();
    await this.#flusher.stop();
    await this.#compactor.stop();
    await reading;
    await allSteps([
      () => (this.#commits.poison === undefined ? this.#log.seal(this.#commits.acknowledged + 1) : undefined),
      () => this.#log.close(),
      () => this.#jobs.stop(),
      () => this.#store.close(),
      () => this.#manifest.close(),
      () => this.#lock?.release(),
    ]);
  }

  async #orPoison<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw this.#commits.poison ?? error;
    }
  }

  #assertWritable(): void {
    this.assertOpen();
    if (this.#options.readOnly) throw new StorageError('READ_ONLY', 'the storage engine was opened for reading');
    if (this.#commits.poison !== undefined) throw this.#commits.poison;
  }
}

interface OpenedStore {
  readonly recovered: RecoveredStore;
  readonly lock: FileLock | undefined;
  readonly cache: BlockCache;
}
