/**
 * Goes through a range of keys in byte order, forward or backward, as the store was when the iterator was made. It keeps
 * what it reads from going away, so it must be closed; being read to its end closes it too.
 *
 * It steps in two ways, which may alternate: `next` and `nextv` read within the call, `take` and `takeMany` answer what
 * is in memory within the call and read the rest off the calling thread. Neither leaves anything in the cache.
 */

import { compareBytes, copyBytes } from '../bytes.ts';
import { checkBytes } from '../check-bytes.ts';
import type { KeyedEntry } from '../entry.ts';
import { StorageError } from '../errors.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import type { RunDescription } from '../ports/manifest.ts';
import type { CursorStart } from '../sorted-run/run-cursor.ts';
import type { StoreVersion } from '../store/store-version.ts';
import type { VersionedEntry } from '../versioned-entry.ts';
import { EntryPiece, ownedEntry } from './entry-piece.ts';
import { MergeCursor } from './merge-cursor.ts';
import { isTombstone, readValue } from './read-value.ts';
import type { ReadsUnderWay } from './reads-under-way.ts';
import { checkScan, endOf, startOf, withPrefix } from './scan-range.ts';
import type { PrefixedRange } from './scan-range.ts';

export interface IteratorOptions extends PrefixedRange {
  /** Default true; false: values are not read, and every entry's value is empty. */
  readonly values?: boolean;
  /** Default false; true: also tombstones that carry meta. */
  readonly tombstones?: boolean;
  /** Milliseconds since 1970 that deadlines are held against; default: when the iterator is made. */
  readonly now?: number;
}

/** Where an iterator reads. */
export interface IteratorSource {
  readonly version: StoreVersion;
  readonly upTo: number;
  readonly now: number;
  readonly underWay: ReadsUnderWay;
  /** Throws once nothing may be read any more. */
  readonly assertOpen: () => void;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** In place of an entry: a block must be supplied before it can be told. */
const WANTING = Symbol('wanting');

/** What `for await` takes at once. */
const PIECE_ENTRIES = 256;
const PIECE_BYTES = 256 * 1024;

export class StorageIterator implements IterableIterator<KeyedEntry>, AsyncIterable<KeyedEntry> {
  readonly #source: IteratorSource;
  readonly #values: boolean;
  readonly #tombstones: boolean;
  readonly #start: CursorStart;
  readonly #end: (key: Uint8Array) => boolean;
  #cursor: MergeCursor | undefined;
  #left: number;
  #closed = false;
  #stepping = false;

  /** The iterator holds the version until it is closed. */
  constructor(source: IteratorSource, options: IteratorOptions) {
    checkScan(options);
    const range = withPrefix(options);
    this.#source = source;
    this.#values = options.values !== false;
    this.#tombstones = options.tombstones === true;
    this.#start = startOf(range);
    this.#end = endOf(range);
    this.#left = range.limit ?? Infinity;
    source.version.retain();
  }

  /** As the iterator protocol has it. Fails with `CLOSED`, or with what went wrong in reading. */
  next(): IteratorResult<KeyedEntry, undefined> {
    const value = this.#take();
    return value === undefined ? { done: true, value } : { done: false, value };
  }

  /** Up to so many entries, fewer, but at least one, once they come to so many bytes of keys and values; none: the end. */
  nextv(count: number, bytes: number = Infinity): KeyedEntry[] {
    const entries: KeyedEntry[] = [];
    for (let taken = 0; entries.length < count && (taken < bytes || entries.length === 0); ) {
      const entry = this.#take();
      if (entry === undefined) break;
      taken += entry.key.length + (entry.value?.length ?? 0);
      entries.push(entry);
    }
    return entries;
  }

  /**
   * The next entry, `undefined` at the end; a promise of it if it is not in memory, before whose end no other step may be
   * taken. Fails as `next`.
   */
  take(): MaybePromise<KeyedEntry | undefined> {
    const taken = this.takeMany(1);
    return taken instanceof Promise ? taken.then(([entry]) => entry) : taken[0];
  }

  /** As `nextv`, in the way of `take`. */
  takeMany(count: number, bytes: number = Infinity): MaybePromise<KeyedEntry[]> {
    if (this.#closed) return [];
    this.#assertReady();
    const piece = new EntryPiece(count, bytes, this.#values);
    if (this.#fill(piece) && piece.isWhole) return this.#done(piece);
    return this.#source.underWay.during(() => this.#complete(piece));
  }

  /** Goes on from the first key not before this one in the iterator's direction; bounds and limit stay. */
  seek(key: Uint8Array): void {
    this.#assertReady();
    checkBytes('key', key);
    const { key: start, inclusive, reverse } = this.#start;
    const order = start === undefined ? 1 : compareBytes(key, start) * (reverse ? -1 : 1);
    const from = order < 0 ? this.#start : { key: copyBytes(key), inclusive: order > 0 || inclusive, reverse };
    this.#cursor = this.#cursorFrom(from);
  }

  /** A step under way fails with `CLOSED`. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cursor = undefined;
    this.#source.version.release();
  }

  return(): IteratorResult<KeyedEntry, undefined> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** By `takeMany`. Leaving the loop closes the iterator. */
  async *[Symbol.asyncIterator](): AsyncGenerator<KeyedEntry, undefined, undefined> {
    try {
      for (;;) {
        const entries = await this.takeMany(PIECE_ENTRIES, PIECE_BYTES);
        if (entries.length === 0) return undefined;
        yield* entries;
      }
    } finally {
      this.close();
    }
  }

  #take(): KeyedEntry | undefined {
    if (this.#closed) return undefined;
    this.#assertReady();
    const entry = this.#nextSync();
    if (entry === undefined) {
      this.close();
      return undefined;
    }
    const { version, now } = this.#source;
    const dead = isTombstone(entry, now);
    return ownedEntry(entry, dead ? undefined : this.#values ? readValue(entry.value, version, 'passing') : NO_BYTES);
  }

  #nextSync(): VersionedEntry | undefined {
    for (;;) {
      const entry = this.#step();
      if (entry !== WANTING) return entry;
      this.#cursor?.supplySync();
    }
  }

  /** Takes the next entry that is to be shown; `undefined`: the end. */
  #step(): VersionedEntry | typeof WANTING | undefined {
    if (this.#left <= 0) return undefined;
    const { now } = this.#source;
    const cursor = this.#open();
    for (;;) {
      if (cursor.wanting) return WANTING;
      const entry = cursor.next();
      if (entry === undefined || this.#end(entry.key)) return undefined;
      if (isTombstone(entry, now) && (!this.#tombstones || entry.meta.length === 0)) continue;
      this.#left--;
      return entry;
    }
  }

  /** Takes entries until the piece has enough, or there are no more; false: a block must be supplied first. */
  #fill(piece: EntryPiece): boolean {
    const { version, now } = this.#source;
    while (!piece.isFull) {
      const entry = this.#step();
      if (entry === WANTING) return false;
      if (entry === undefined) piece.end();
      else piece.add(entry, isTombstone(entry, now), version);
    }
    return true;
  }

  /** What it reads stays until it ends, even if the iterator is closed before. */
  async #complete(piece: EntryPiece): Promise<KeyedEntry[]> {
    const { version } = this.#source;
    this.#stepping = true;
    version.retain();
    try {
      while (!this.#fill(piece)) {
        await this.#cursor?.supply();
        this.#assertOpen();
      }
      await piece.readMissing(version);
      this.#assertOpen();
      return this.#done(piece);
    } finally {
      this.#stepping = false;
      version.release();
    }
  }

  #done(piece: EntryPiece): KeyedEntry[] {
    if (piece.isLast) this.close();
    return piece.entries;
  }

  #open(): MergeCursor {
    return (this.#cursor ??= this.#cursorFrom(this.#start));
  }

  #cursorFrom(start: CursorStart): MergeCursor {
    const { version, upTo } = this.#source;
    const isBeyond = ({ smallestKey, largestKey }: RunDescription): boolean => {
      const nearest = start.reverse ? largestKey : smallestKey;
      return nearest !== undefined && this.#end(nearest);
    };
    return new MergeCursor(version, start, upTo, isBeyond);
  }

  #assertReady(): void {
    this.#assertOpen();
    if (!this.#stepping) return;
    throw new StorageError('INVALID_ARGUMENT', 'a step of this iterator is under way, whose end must be awaited');
  }

  #assertOpen(): void {
    if (this.#closed) throw new StorageError('CLOSED', 'the iterator was closed');
    this.#source.assertOpen();
  }
}
