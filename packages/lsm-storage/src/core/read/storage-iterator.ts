/**
 * Goes through a range of keys in byte order, forward or backward, as the store was when the iterator was made. It keeps
 * what it reads from going away, so it must be closed; being read to its end closes it too.
 */

import { compareBytes, copyBytes } from '../bytes.ts';
import type { KeyedEntry, ScanRange } from '../entry.ts';
import { StorageError } from '../errors.ts';
import type { CursorStart } from '../sorted-run/run-cursor.ts';
import type { StoreVersion } from '../store/store-version.ts';
import type { VersionedEntry } from '../versioned-entry.ts';
import { MergeCursor } from './merge-cursor.ts';
import { isTombstone, readValue } from './read-value.ts';

export interface IteratorOptions extends ScanRange {
  /** Only keys that begin with these bytes; narrows the bounds that are given beside it. */
  readonly prefix?: Uint8Array;
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
  /** Throws once nothing may be read any more. */
  readonly assertOpen: () => void;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

export class StorageIterator implements IterableIterator<KeyedEntry> {
  readonly #source: IteratorSource;
  readonly #options: IteratorOptions;
  readonly #start: CursorStart;
  readonly #end: (key: Uint8Array) => boolean;
  #cursor: MergeCursor | undefined;
  #left: number;
  #closed = false;

  /** The iterator holds the version until it is closed. */
  constructor(source: IteratorSource, options: IteratorOptions) {
    const range = withPrefix(options);
    checkLimit(range);
    this.#source = source;
    this.#options = options;
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

  /** Goes on from the first key not before this one in the iterator's direction; bounds and limit stay. */
  seek(key: Uint8Array): void {
    this.#assertOpen();
    const { key: start, inclusive, reverse } = this.#start;
    const order = start === undefined ? 1 : compareBytes(key, start) * (reverse ? -1 : 1);
    const from = order < 0 ? this.#start : { key: copyBytes(key), inclusive: order > 0 || inclusive, reverse };
    this.#cursor = new MergeCursor(this.#source.version, from, this.#source.upTo);
  }

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

  #take(): KeyedEntry | undefined {
    if (this.#closed) return undefined;
    this.#assertOpen();
    const entry = this.#left > 0 ? this.#nextShown() : undefined;
    if (entry === undefined) {
      this.close();
      return undefined;
    }
    this.#left--;
    return this.#ownedBy(entry);
  }

  #nextShown(): VersionedEntry | undefined {
    const { now } = this.#source;
    for (;;) {
      const entry = nextOf(this.#open());
      if (entry === undefined || this.#end(entry.key)) return undefined;
      if (!isTombstone(entry, now) || (this.#options.tombstones === true && entry.meta.length > 0)) return entry;
    }
  }

  /** The entry in memory that belongs to the caller. */
  #ownedBy(entry: VersionedEntry): KeyedEntry {
    const dead = isTombstone(entry, this.#source.now);
    return {
      key: copyBytes(entry.key),
      meta: entry.meta.length === 0 ? NO_BYTES : copyBytes(entry.meta),
      deadline: entry.deadline,
      value: dead ? undefined : this.#options.values === false ? NO_BYTES : this.#value(entry),
    };
  }

  #value(entry: VersionedEntry): Uint8Array | undefined {
    return readValue(entry.value, this.#source.version, 'passing');
  }

  #open(): MergeCursor {
    return (this.#cursor ??= new MergeCursor(this.#source.version, this.#start, this.#source.upTo));
  }

  #assertOpen(): void {
    if (this.#closed) throw new StorageError('CLOSED', 'the iterator was closed');
    this.#source.assertOpen();
  }
}

function nextOf(cursor: MergeCursor): VersionedEntry | undefined {
  for (let wanting = cursor.wanting(); wanting !== undefined; wanting = cursor.wanting()) wanting.supplySync();
  return cursor.next();
}

function checkLimit({ limit }: ScanRange): void {
  if (limit === undefined || (limit >= 0 && (Number.isInteger(limit) || limit === Infinity))) return;
  throw new StorageError('INVALID_ARGUMENT', `limit must be an integer of at least 0, got ${limit}`);
}

/** The range of keys that begin with a prefix, within the bounds that are given. */
function withPrefix(options: IteratorOptions): ScanRange {
  const { prefix } = options;
  if (prefix === undefined) return options;
  const end = prefixEnd(prefix);
  const { gte, gt, lte, lt, ...rest } = options;
  const low = gt ?? gte;
  const high = lt ?? lte;
  const lowHolds = low !== undefined && compareBytes(low, prefix) >= 0;
  const highHolds = high !== undefined && (end === undefined || compareBytes(high, end) < 0);
  return {
    ...rest,
    ...(lowHolds ? { ...(gt !== undefined ? { gt } : gte !== undefined && { gte }) } : { gte: prefix }),
    ...(highHolds
      ? { ...(lt !== undefined ? { lt } : lte !== undefined && { lte }) }
      : end !== undefined && { lt: end }),
  };
}

/** The first byte string behind all that begin with `prefix`; `undefined`: there is none. */
function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  const last = prefix.findLastIndex((byte) => byte < 0xff);
  if (last < 0) return undefined;
  const end = prefix.slice(0, last + 1);
  end[last] = (end[last] as number) + 1;
  return end;
}

function startOf(range: ScanRange): CursorStart {
  const reverse = range.reverse ?? false;
  const exclusive = reverse ? range.lt : range.gt;
  const inclusive = reverse ? range.lte : range.gte;
  return { key: copied(exclusive ?? inclusive), inclusive: exclusive === undefined, reverse };
}

/** Tells of a key in the order of iteration whether it lies beyond the far bound. */
function endOf(range: ScanRange): (key: Uint8Array) => boolean {
  const reverse = range.reverse ?? false;
  const direction = reverse ? -1 : 1;
  const exclusive = copied(reverse ? range.gt : range.lt);
  const inclusive = copied(reverse ? range.gte : range.lte);
  if (exclusive !== undefined) return (key) => compareBytes(key, exclusive) * direction >= 0;
  if (inclusive !== undefined) return (key) => compareBytes(key, inclusive) * direction > 0;
  return () => false;
}

function copied(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined ? undefined : copyBytes(bytes);
}
