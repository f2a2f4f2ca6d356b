/**
 * All ways of reading, as of one sequence of one version: what the engine and its snapshots have in common. A read asks
 * the memtables, then the runs from the newest to the oldest; what is in memory is answered inside the call.
 */

import { CacheMiss } from '../cache/cache-miss.ts';
import { copyBytes } from '../bytes.ts';
import type { Entry, EntryMeta, KeyedEntry, KeyedMeta } from '../entry.ts';
import type { StorageClock } from '../ports/clock.ts';
import type { ReadFrom } from '../read-from.ts';
import type { StoreVersion } from '../store/store-version.ts';
import type { VersionedEntry } from '../versioned-entry.ts';
import { findEntry } from './find-entry.ts';
import { isTombstone, readValue } from './read-value.ts';
import { StorageIterator } from './storage-iterator.ts';
import type { IteratorOptions } from './storage-iterator.ts';

/** A value itself if it is in memory, else a promise of it: `await` takes either. */
export type MaybePromise<T> = T | Promise<T>;

export abstract class StoreReads {
  /** Throws `CLOSED` once nothing may be read any more. */
  protected abstract assertOpen(): void;
  protected abstract get version(): StoreVersion;
  /** The sequence of the newest entry that is seen. */
  protected abstract get upTo(): number;
  protected abstract get clock(): StorageClock;

  /**
   * The value of a key in memory of its own; `undefined` if there is none. Reads from disk within the call if it must.
   * `now`: milliseconds since 1970 that deadlines are held against; default: the engine's clock.
   */
  getSync(key: Uint8Array, now?: number): Uint8Array | undefined {
    return this.#valueOf(key, 'disk', now);
  }

  /** As `getSync`, but what is not in memory is read off the calling thread, and comes as a promise. */
  get(key: Uint8Array, now?: number): MaybePromise<Uint8Array | undefined> {
    return this.#maybe((from) => this.#valueOf(key, from, now));
  }

  /** What the store knows of a key, tombstones that carry meta included. */
  getEntrySync(key: Uint8Array, now?: number): Entry | undefined {
    return this.#entryOf(key, 'disk', now);
  }

  /** As `getEntrySync`, but as `get` reads. */
  getEntry(key: Uint8Array, now?: number): MaybePromise<Entry | undefined> {
    return this.#maybe((from) => this.#entryOf(key, from, now));
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
  has(key: Uint8Array, now?: number): boolean {
    const entry = this.#find(key, 'disk');
    return entry !== undefined && !this.#isTombstone(entry, now);
  }

  /** The values of keys, in their order; of what a write changes meanwhile, either may show. */
  getMany(keys: readonly Uint8Array[], now?: number): MaybePromise<(Uint8Array | undefined)[]> {
    const values: (Uint8Array | undefined)[] = [];
    const waiting: Promise<void>[] = [];
    for (const [i, key] of keys.entries()) {
      const value = this.get(key, now);
      if (value instanceof Promise) waiting.push(value.then((read) => void (values[i] = read)));
      else values[i] = value;
    }
    return waiting.length === 0 ? values : Promise.all(waiting).then(() => values);
  }

  /** See {@link StorageIterator}; it must be closed. */
  iterator(options: IteratorOptions = {}): StorageIterator {
    this.assertOpen();
    const now = options.now ?? this.clock.now();
    return new StorageIterator(
      { version: this.version, upTo: this.upTo, now, assertOpen: () => this.assertOpen() },
      options,
    );
  }

  /** Iterates in byte order over the entries as of the first step. To be read to its end, or left by `break`. */
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

  #valueOf(key: Uint8Array, from: ReadFrom, now: number | undefined): Uint8Array | undefined {
    const entry = this.#find(key, from);
    if (entry === undefined || this.#isTombstone(entry, now)) return undefined;
    return readValue(entry.value, this.version, from);
  }

  #entryOf(key: Uint8Array, from: ReadFrom, now: number | undefined): Entry | undefined {
    const entry = this.#find(key, from);
    if (entry === undefined) return undefined;
    const tombstone = this.#isTombstone(entry, now);
    if (tombstone && entry.meta.length === 0) return undefined;
    const value = tombstone ? undefined : readValue(entry.value, this.version, from);
    return { meta: copyBytes(entry.meta), deadline: entry.deadline, value };
  }

  #isTombstone(entry: VersionedEntry, now: number | undefined): boolean {
    return entry.value === undefined || (entry.deadline !== 0 && isTombstone(entry, now ?? this.clock.now()));
  }

  #maybe<T>(read: (from: ReadFrom) => T): MaybePromise<T> {
    try {
      return read('memory');
    } catch (missing) {
      if (missing instanceof CacheMiss) return this.#afterLoading(missing, read);
      throw missing;
    }
  }

  /** Each attempt brings a piece into the cache. What the cache does not keep is read within the call in the end. */
  async #afterLoading<T>(first: CacheMiss, read: (from: ReadFrom) => T): Promise<T> {
    let missing = first;
    for (let attempt = 1; ; attempt++) {
      const { version } = this;
      version.retain();
      try {
        await missing.load();
      } finally {
        version.release();
      }
      try {
        return read(attempt < MOST_LOADS ? 'memory' : 'disk');
      } catch (next) {
        if (!(next instanceof CacheMiss)) throw next;
        missing = next;
      }
    }
  }
}

/** A lookup in many runs may miss in each; more misses than this are of pieces that the cache lets go again. */
const MOST_LOADS = 8;
