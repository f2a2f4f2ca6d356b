/**
 * All ways of reading, as of one sequence of one version: what the engine and its snapshots have in common. A read asks
 * the memtables, then the runs from the newest to the oldest; what is in memory is answered inside the call.
 */

import { CacheMiss } from '../cache/cache-miss.ts';
import { copyBytes } from '../bytes.ts';
import type { Entry, EntryMeta, KeyedEntry, KeyedMeta } from '../entry.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import type { StorageClock } from '../ports/clock.ts';
import type { ReadFrom } from '../read-from.ts';
import type { StoreVersion } from '../store/store-version.ts';
import type { VersionedEntry } from '../versioned-entry.ts';
import { findEntry } from './find-entry.ts';
import { isTombstone, readValue } from './read-value.ts';
import type { ReadsUnderWay } from './reads-under-way.ts';
import { StorageIterator } from './storage-iterator.ts';
import type { IteratorOptions } from './storage-iterator.ts';

export abstract class StoreReads {
  /** Throws `CLOSED` once nothing may be read any more. */
  protected abstract assertOpen(): void;
  protected abstract get version(): StoreVersion;
  /** The sequence of the newest entry that is seen. */
  protected abstract get upTo(): number;
  protected abstract get clock(): StorageClock;
  /** Has those that have begun; what they read is not closed before they end. */
  protected abstract get underWay(): ReadsUnderWay;

  /**
   * The value of a key in memory of its own; `undefined` if there is none. Reads from disk within the call if it must.
   * `now`: milliseconds since 1970 that deadlines are held against; default: the engine's clock.
   */
  getSync(key: Uint8Array, now?: number): Uint8Array | undefined {
    this.assertOpen();
    return this.#valueOf(key, 'disk', now, this.version, this.upTo);
  }

  /**
   * As `getSync`, but what is not in memory is read off the calling thread, and comes as a promise: of the value as of
   * the call, whatever is written meanwhile.
   */
  get(key: Uint8Array, now?: number): MaybePromise<Uint8Array | undefined> {
    return this.#maybe((from, version, upTo) => this.#valueOf(key, from, now, version, upTo));
  }

  /** What the store knows of a key, tombstones that carry meta included. */
  getEntrySync(key: Uint8Array, now?: number): Entry | undefined {
    this.assertOpen();
    return this.#entryOf(key, 'disk', now, this.version, this.upTo);
  }

  /** As `getEntrySync`, but as `get` reads. */
  getEntry(key: Uint8Array, now?: number): MaybePromise<Entry | undefined> {
    return this.#maybe((from, version, upTo) => this.#entryOf(key, from, now, version, upTo));
  }

  /** As `getEntrySync`, without reading the value. */
  getMeta(key: Uint8Array, now?: number): EntryMeta | undefined {
    const entry = this.#find(key, 'disk');
    if (entry === undefined) return undefined;
    const tombstone = this.#isTombstone(entry, now);
    if (tombstone && entry.meta.length === 0) return undefined;
    return { meta: copyBytes(entry.meta), deadline: entry.deadline, tombstone };
  }

  /** Whether a key has a value. Reads no value. */
  hasSync(key: Uint8Array, now?: number): boolean {
    return this.#isThere(this.#find(key, 'disk'), now);
  }

  /** As `hasSync`, but as `get` reads. */
  has(key: Uint8Array, now?: number): MaybePromise<boolean> {
    return this.#maybe((from, version, upTo) => this.#isThere(findEntry(version, key, upTo, from), now));
  }

  /** The values of keys, in their order, all as of the call. */
  getMany(keys: readonly Uint8Array[], now?: number): MaybePromise<(Uint8Array | undefined)[]> {
    const values: (Uint8Array | undefined)[] = [];
    const waiting: Promise<void>[] = [];
    try {
      for (const [i, key] of keys.entries()) {
        const value = this.get(key, now);
        if (value instanceof Promise) waiting.push(value.then((read) => void (values[i] = read)));
        else values[i] = value;
      }
    } catch (error) {
      // What the others come to is of no interest any more, but must not be an unhandled rejection.
      void Promise.allSettled(waiting);
      throw error;
    }
    return waiting.length === 0 ? values : Promise.all(waiting).then(() => values);
  }

  /** See {@link StorageIterator}; it must be closed. `for await` reads what is not in memory off the calling thread. */
  iterator(options: IteratorOptions = {}): StorageIterator {
    this.assertOpen();
    const { version, upTo, underWay } = this;
    const now = options.now ?? this.clock.now();
    return new StorageIterator({ version, upTo, now, underWay, assertOpen: () => this.assertOpen() }, options);
  }

  /**
   * Iterates in byte order over the entries as of the first step, reading within the call. To be read to its end, or left
   * by `break`.
   */
  *scan(options: IteratorOptions = {}): IterableIterator<KeyedEntry> {
    yield* this.iterator(options);
  }

  /** As `scan`, without reading values. */
  *scanMeta(options: IteratorOptions = {}): IterableIterator<KeyedMeta> {
    for (const { key, meta, deadline, value } of this.iterator({ ...options, values: false })) {
      yield { key, meta, deadline, tombstone: value === undefined };
    }
  }

  #find(key: Uint8Array, from: ReadFrom): VersionedEntry | undefined {
    this.assertOpen();
    return findEntry(this.version, key, this.upTo, from);
  }

  #valueOf(
    key: Uint8Array,
    from: ReadFrom,
    now: number | undefined,
    version: StoreVersion,
    upTo: number,
  ): Uint8Array | undefined {
    const entry = findEntry(version, key, upTo, from);
    if (entry === undefined || this.#isTombstone(entry, now)) return undefined;
    return readValue(entry.value, version, from);
  }

  #entryOf(
    key: Uint8Array,
    from: ReadFrom,
    now: number | undefined,
    version: StoreVersion,
    upTo: number,
  ): Entry | undefined {
    const entry = findEntry(version, key, upTo, from);
    if (entry === undefined) return undefined;
    const tombstone = this.#isTombstone(entry, now);
    if (tombstone && entry.meta.length === 0) return undefined;
    const value = tombstone ? undefined : readValue(entry.value, version, from);
    return { meta: copyBytes(entry.meta), deadline: entry.deadline, value };
  }

  #isThere(entry: VersionedEntry | undefined, now: number | undefined): boolean {
    return entry !== undefined && !this.#isTombstone(entry, now);
  }

  #isTombstone(entry: VersionedEntry, now: number | undefined): boolean {
    return entry.value === undefined || (entry.deadline !== 0 && isTombstone(entry, now ?? this.clock.now()));
  }

  #maybe<T>(read: (from: ReadFrom, version: StoreVersion, upTo: number) => T): MaybePromise<T> {
    this.assertOpen();
    const { version, upTo } = this;
    try {
      return read('memory', version, upTo);
    } catch (missing) {
      if (!(missing instanceof CacheMiss)) throw missing;
      return this.underWay.during(() => afterLoading(missing, version, (from) => read(from, version, upTo)));
    }
  }
}

/** Each attempt brings a piece into the cache. What the cache does not keep is read within the call in the end. */
async function afterLoading<T>(first: CacheMiss, version: StoreVersion, read: (from: ReadFrom) => T): Promise<T> {
  let missing = first;
  version.retain();
  try {
    for (let attempt = 1; ; attempt++) {
      await missing.load();
      try {
        return read(attempt < MOST_LOADS ? 'memory' : 'disk');
      } catch (next) {
        if (!(next instanceof CacheMiss)) throw next;
        missing = next;
      }
    }
  } finally {
    version.release();
  }
}

/** A lookup in many runs may miss in each; more misses than this are of pieces that the cache lets go again. */
const MOST_LOADS = 8;
