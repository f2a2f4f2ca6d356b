/**
 * The newest entries, in memory: the bytes of their log in an arena, a hash table over the keys for lookups, and an
 * order for scans. Every version stays until the memtable goes, so that a reader sees the state as of any sequence.
 */

import { copyBytes } from '../bytes.ts';
import { RangeTombstones } from '../range-tombstones.ts';
import type { Place } from '../byte-reader.ts';
import type { PackedValue, VersionedEntry } from '../versioned-entry.ts';
import { EntryArena } from './entry-arena.ts';
import { KeyTable } from './key-table.ts';
import { KIND_PACKED_PUT, KIND_PUT, KIND_RANGE } from './log-entry.ts';
import { OrderedEntries } from './ordered-entries.ts';
import type { SlabPool } from './slab-pool.ts';

/** Of a lookup: the memtable knows nothing of the key. */
export const UNKNOWN = -1;
/** Of a lookup: a range tombstone is the newest that the memtable knows of the key. */
export const RANGE_DELETED = -2;

/** What an entry costs in memory beside its bytes. */
const ENTRY_OVERHEAD_BYTES = 40;
export class Memtable {
  /** The segments of the log that hold its entries, ascending. */
  readonly segments: number[] = [];
  readonly #entries: EntryArena;
  readonly #table: KeyTable;
  readonly #order: OrderedEntries;
  #ranges: RangeTombstones = new RangeTombstones();
  #rangeCount = 0;
  #firstSequence: number;
  #bytes = 0;

  /** `firstSequence`: what its first entry will get. */
  constructor(pool: SlabPool, firstSequence: number) {
    this.#entries = new EntryArena(pool);
    this.#table = new KeyTable(this.#entries);
    this.#order = new OrderedEntries(this.#entries);
    this.#firstSequence = firstSequence;
  }

  /** Memory held by what was written, in bytes. */
  get bytes(): number {
    return this.#bytes + this.#ranges.bytes;
  }

  /** Entries, all versions, tombstones and range tombstones included. */
  get size(): number {
    return this.#entries.count;
  }

  get firstSequence(): number {
    return this.#firstSequence;
  }

  /** The sequence of the newest entry; one below `firstSequence` when there is none. */
  get lastSequence(): number {
    return this.#firstSequence + this.#entries.count - 1;
  }

  beginGroup(headerBytes: number): void {
    this.#entries.beginGroup(headerBytes);
    this.#bytes += headerBytes;
  }

  /** See {@link EntryArena.endGroup}. */
  endGroup(): Uint8Array[] {
    return this.#entries.endGroup();
  }

  /** Adds a put (with a value, packed or not) or a tombstone (without); returns its sequence. Copies all it is given. */
  add(kind: number, key: Uint8Array, hash: number, meta: Uint8Array, deadline: number, value?: Uint8Array): number {
    const entry = this.#entries.append(kind, key, meta, deadline, value);
    this.#bytes += ENTRY_OVERHEAD_BYTES + key.length + meta.length + (value === undefined ? 0 : value.length);
    if (this.#table.add(entry, hash)) this.#order.add(entry);
    return this.#firstSequence + entry;
  }

  /** Adds a range tombstone; returns its sequence. `to` undefined: no end. */
  addRange(from: Uint8Array, to: Uint8Array | undefined): number {
    const entry = this.#entries.append(KIND_RANGE, from, new Uint8Array(0), 0, to);
    this.#bytes += ENTRY_OVERHEAD_BYTES + from.length + (to === undefined ? 0 : to.length);
    this.#noteRange(entry);
    return this.#firstSequence + entry;
  }

  /** Takes over log bytes in which whole entries lie from `start` to `end`. Throws on malformed ones. */
  adopt(slab: Uint8Array, start: number, end: number, place: Place): void {
    let entry = this.#entries.count;
    this.#entries.adopt(slab, start, end, place);
    this.#bytes += end - start + (this.#entries.count - entry) * ENTRY_OVERHEAD_BYTES;
    for (; entry < this.#entries.count; entry++) {
      if (this.#entries.kind(entry) === KIND_RANGE) this.#noteRange(entry);
      else if (this.#table.add(entry, this.#entries.keyHash(entry))) this.#order.add(entry);
    }
  }

  /** Makes room for so many entries, so that it need not be made step by step. */
  reserve(entries: number): void {
    this.#table.reserve(entries);
  }

  /** The entry that is the newest of its key with a sequence not above `upTo`, or one of the two constants. */
  find(key: Uint8Array, hash: number, upTo: number): number {
    const entry = this.#table.find(key, hash, upTo - this.#firstSequence);
    if (this.#rangeCount === 0) return entry;
    const covered = this.#ranges.newestCovering(key, upTo);
    if (covered === 0 || covered < this.#firstSequence + entry) return entry;
    return RANGE_DELETED;
  }

  /** Views of an entry that was found; valid until the memtable is released. */
  entry(entry: number): VersionedEntry {
    return this.#entries.entry(entry);
  }

  /** A view of a found entry's value; `undefined` for a tombstone. */
  value(entry: number): Uint8Array | PackedValue | undefined {
    return this.#entries.value(entry);
  }

  meta(entry: number): Uint8Array {
    return this.#entries.meta(entry);
  }

  deadline(entry: number): number {
    return this.#entries.deadline(entry);
  }

  isTombstone(entry: number): boolean {
    const kind = this.#entries.kind(entry);
    return kind !== KIND_PUT && kind !== KIND_PACKED_PUT;
  }

  /** The number of the first version of the next key above (see {@link OrderedEntries.above}); -1 if there is none. */
  above(key: Uint8Array | undefined, inclusive: boolean): number {
    return this.#order.above(key, inclusive);
  }

  below(key: Uint8Array | undefined, inclusive: boolean): number {
    return this.#order.below(key, inclusive);
  }

  /** A view of the key of an entry. */
  key(entry: number): Uint8Array {
    return this.#entries.key(entry);
  }

  /** Of the key whose first version is `first`: as {@link Memtable.find}. */
  newestOf(first: number, upTo: number): number {
    const entry = this.#table.newestOf(first, upTo - this.#firstSequence);
    if (this.#rangeCount === 0 || entry === UNKNOWN) return entry;
    return this.#ranges.newestCovering(this.#entries.key(first), upTo) > this.#firstSequence + entry
      ? RANGE_DELETED
      : entry;
  }

  /** The ranges deleted as of `upTo` in which older sources have nothing to say: newest sequence of each. */
  get ranges(): RangeTombstones {
    return this.#ranges;
  }

  /** The newest entry of each key in byte order, tombstones included, without what a range deleted later. */
  *inOrder(): IterableIterator<VersionedEntry> {
    for (const first of this.#order.all()) {
      const entry = this.newestOf(first, Infinity);
      if (entry >= 0) yield this.#entries.entry(entry);
    }
  }

  /** Forgets the entries behind a sequence, if there are any. */
  truncate(lastSequence: number): void {
    if (lastSequence >= this.lastSequence) return;
    const count = Math.max(0, lastSequence + 1 - this.#firstSequence);
    let ranges = false;
    for (let entry = this.#entries.count - 1; entry >= count; entry--) {
      if (this.#entries.kind(entry) === KIND_RANGE) ranges = true;
      else if (this.#table.removeLast(entry)) this.#order.remove(entry);
    }
    this.#entries.truncate(count);
    if (ranges) this.#rebuildRanges();
  }

  /** Only while it is empty. */
  rebase(firstSequence: number): void {
    this.#firstSequence = firstSequence;
  }

  /** Gives the memory back. Nothing may be read any more. */
  release(): void {
    this.#entries.release();
  }

  #noteRange(entry: number): void {
    const from = copyBytes(this.#entries.key(entry));
    const to = this.#entries.rangeEnd(entry);
    this.#ranges.add(from, to && copyBytes(to), this.#firstSequence + entry);
    this.#rangeCount++;
  }

  #rebuildRanges(): void {
    this.#ranges = new RangeTombstones();
    this.#rangeCount = 0;
    for (let entry = 0; entry < this.#entries.count; entry++) {
      if (this.#entries.kind(entry) === KIND_RANGE) this.#noteRange(entry);
    }
  }
}
