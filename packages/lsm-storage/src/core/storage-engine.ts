/**
 * The engine: an ordered map from byte strings to byte strings that survives crashes.
 *
 * A write is judged and given its place in the one order of writes inside the call, logged and synced in a group with
 * its neighbours, put into the memtable, and acknowledged. Full memtables become sorted runs; runs are merged. A read
 * asks the memtables, then the runs from the newest to the oldest, and never leaves the call.
 */

import type { CommitLog } from './commit-log/commit-log.ts';
import { GroupCommit } from './commit-log/group-commit.ts';
import { copyBytes, nameOf } from './bytes.ts';
import { MAX_KEY_BYTES, MAX_META_BYTES, MAX_VALUE_BYTES } from './entry.ts';
import type { Applied, Decide, Entry, KeyedEntry, KeyedMeta, ScanRange } from './entry.ts';
import { StorageError } from './errors.ts';
import { LOCK_FILE } from './file-names.ts';
import { Maintenance } from './maintenance.ts';
import { resolveOptions } from './options.ts';
import type { ResolvedOptions, StorageOptions } from './options.ts';
import type { Codec } from './ports/codec.ts';
import type { FileLock, FileSystem } from './ports/file-system.ts';
import type { Jobs } from './ports/jobs.ts';
import type { Manifest } from './ports/manifest.ts';
import { recover } from './recovery/recover.ts';
import type { RecoveredStore } from './recovery/recover.ts';
import { checkRange, scanEntries, scanMetas, valueOf } from './scan.ts';
import type { RecoveryReport, StorageStats } from './stats.ts';
import { storedEntry } from './stored-entry.ts';
import type { StoreView } from './store-view.ts';

export interface StoragePorts {
  /** Its root is the engine's directory, in which nothing else may be. */
  readonly fileSystem: FileSystem;
  /** The engine closes it, also when opening fails. */
  readonly manifest: Manifest;
  readonly jobs: Jobs;
  readonly codec: Codec;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

export class StorageEngine {
  /** What was found and done at opening. */
  readonly recovery: RecoveryReport;
  readonly #manifest: Manifest;
  readonly #lock: FileLock;
  readonly #view: StoreView;
  readonly #log: CommitLog;
  readonly #commits: GroupCommit;
  readonly #maintenance: Maintenance;
  #nextSequence: number;
  #durableSequence: number;
  #closing: Promise<void> | undefined;

  private constructor(ports: StoragePorts, options: ResolvedOptions, lock: FileLock, recovered: RecoveredStore) {
    const { view, log, position, report, lastSequence } = recovered;
    this.recovery = report;
    this.#manifest = ports.manifest;
    this.#lock = lock;
    this.#view = view;
    this.#log = log;
    this.#nextSequence = lastSequence + 1;
    this.#durableSequence = lastSequence;
    const failed = (cause: unknown): void => this.#commits.poisonWith(cause);
    this.#maintenance = new Maintenance({ ...ports, view, log, failed }, options, position);
    this.#commits = new GroupCommit({
      admit: () => this.#maintenance.admit(),
      append: (group) => log.append(group),
      publish: (group) => {
        for (const entry of group) view.active.put(entry);
        this.#durableSequence = group.at(-1)?.sequence ?? this.#durableSequence;
        this.#maintenance.keepUp();
      },
    });
  }

  /**
   * Locks the directory, reads the manifest, replays the log. Fails with `LOCKED`, a `CorruptionError`,
   * `UNSUPPORTED_FORMAT`, or what the file system ran into; then nothing stays open.
   */
  static async open(ports: StoragePorts, options: StorageOptions = {}): Promise<StorageEngine> {
    let lock: FileLock | undefined;
    try {
      const resolved = resolveOptions(options);
      lock = await ports.fileSystem.lock(LOCK_FILE);
      const engine = new StorageEngine(ports, resolved, lock, await recover(ports, resolved));
      engine.#maintenance.keepUp();
      return engine;
    } catch (error) {
      await ports.manifest.close();
      await lock?.release();
      throw error;
    }
  }

  /**
   * Writes unless `decide` prefers what is there. Resolves when what the engine then holds for the key is durable.
   * Key, meta and value are copied before the call returns.
   *
   * Fails with `INVALID_ARGUMENT`, `CLOSED`, `POISONED`, or with what went wrong in reading what is there.
   */
  async apply(key: Uint8Array, meta: Uint8Array, value: Uint8Array, decide: Decide): Promise<Applied> {
    this.#assertWritable();
    checkEntry(key, meta, value);
    const name = nameOf(key);
    const found = this.#commits.pending(name) ?? this.#view.find(key, name)?.entry;
    const current = found?.value === undefined ? undefined : found.meta;
    if (decide(current, meta) === 'keep') {
      const held = copyBytes(current ?? NO_BYTES);
      await this.#commits.settled(name);
      return { outcome: 'kept', meta: held };
    }
    const entry = storedEntry(key, meta, value, this.#nextSequence++);
    await this.#commits.add(entry);
    return { outcome: 'replaced', meta: copyBytes(entry.meta) };
  }

  /** Writes unconditionally: of two calls the later one wins. As {@link StorageEngine.apply} otherwise. */
  async put(key: Uint8Array, value: Uint8Array, meta: Uint8Array = NO_BYTES): Promise<void> {
    this.#assertWritable();
    checkEntry(key, meta, value);
    await this.#commits.add(storedEntry(key, meta, value, this.#nextSequence++));
  }

  /** Removes the entry, meta included, if there is one: afterwards the engine knows nothing of the key. */
  async delete(key: Uint8Array): Promise<void> {
    this.#assertWritable();
    checkEntry(key, NO_BYTES, NO_BYTES);
    await this.#commits.add(storedEntry(key, undefined, undefined, this.#nextSequence++));
  }

  /** What is durable: a write is readable from the moment its promise resolves, not before. */
  get(key: Uint8Array): Entry | undefined {
    this.#assertOpen();
    const found = this.#view.find(key);
    if (found?.entry.value === undefined) return undefined;
    return { meta: copyBytes(found.entry.meta), value: valueOf(found.entry, found.run) };
  }

  /** As `get`, without reading the value. */
  getMeta(key: Uint8Array): Uint8Array | undefined {
    this.#assertOpen();
    const found = this.#view.find(key);
    return found?.entry.value === undefined ? undefined : copyBytes(found.entry.meta);
  }

  /**
   * Iterates in byte order. Without a pause between steps it is a snapshot as of its first step. Across pauses every
   * key that is there throughout comes exactly once, with an entry that was current at some time since the scan began;
   * writes made meanwhile may or may not show. It holds nothing open and need not be finished.
   */
  scan(range: ScanRange = {}): IterableIterator<KeyedEntry> {
    this.#assertOpen();
    checkRange(range);
    return scanEntries(this.#view, range, () => this.#assertOpen());
  }

  /** As `scan`, without reading values. */
  scanMeta(range: ScanRange = {}): IterableIterator<KeyedMeta> {
    this.#assertOpen();
    checkRange(range);
    return scanMetas(this.#view, range, () => this.#assertOpen());
  }

  /** Puts everything written before the call into sorted runs, so that an opening has nothing of it to replay. */
  async flush(): Promise<void> {
    this.#assertWritable();
    await this.#commits.barrier();
    await this.#orPoison(this.#maintenance.flush());
  }

  /** Flushes and merges all runs into one; what was deleted or replaced takes no space afterwards. */
  async compact(): Promise<void> {
    this.#assertWritable();
    await this.#commits.barrier();
    await this.#orPoison(this.#maintenance.compact());
  }

  stats(): StorageStats {
    const memtables = [this.#view.active, ...(this.#view.frozen === undefined ? [] : [this.#view.frozen])];
    const runs = this.#view.runs.map((run) => run.description);
    return {
      state: this.#closing !== undefined ? 'closed' : this.#commits.poison !== undefined ? 'poisoned' : 'open',
      pendingEntries: this.#commits.pendingEntries,
      memtableEntries: sum(memtables.map((memtable) => memtable.size)),
      memtableBytes: sum(memtables.map((memtable) => memtable.bytes)),
      runs: runs.length,
      runEntries: sum(runs.map((run) => run.entries)),
      runBytes: sum(runs.map((run) => run.bytes)),
      segments: this.#log.segments,
      segmentBytes: this.#log.bytes,
      durableSequence: this.#durableSequence,
      flushedSequence: this.#maintenance.flushedSequence,
      groups: this.#commits.groups,
      flushes: this.#maintenance.flushes,
      compactions: this.#maintenance.compactions,
      compactionFailure: this.#maintenance.compactionFailure,
    };
  }

  /**
   * Refuses further calls, finishes the writes accepted so far and the flush under way, seals the log, and unlocks the
   * directory. The memtable stays in the log. Further calls return the same promise.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#commits.idle();
    await this.#maintenance.stop();
    const failures: unknown[] = [];
    const steps = [
      () => (this.#commits.poison === undefined ? this.#log.seal() : undefined),
      () => this.#log.close(),
      ...this.#view.runs.map((run) => () => run.close()),
      () => this.#manifest.close(),
      () => this.#lock.release(),
    ];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async #orPoison(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      throw this.#commits.poison ?? error;
    }
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new StorageError('CLOSED', 'the storage engine was closed');
  }

  #assertWritable(): void {
    this.#assertOpen();
    if (this.#commits.poison !== undefined) throw this.#commits.poison;
  }
}

function checkEntry(key: Uint8Array, meta: Uint8Array, value: Uint8Array): void {
  checkLength('key', key, MAX_KEY_BYTES);
  checkLength('meta', meta, MAX_META_BYTES);
  checkLength('value', value, MAX_VALUE_BYTES);
}

function checkLength(what: string, bytes: Uint8Array, most: number): void {
  if (bytes.length <= most) return;
  throw new StorageError('INVALID_ARGUMENT', `a ${what} has at most ${most} bytes, got ${bytes.length}`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
