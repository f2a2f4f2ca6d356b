/**
 * The entries of a memtable, numbered from 0 in the order of writing, as bytes in slabs: each is written once, as the
 * commit log wants it, and from there it is logged and read. Between them lies room for the header of each group's
 * frame, so that a group is handed to the log without being copied.
 */

import { compareRange } from '../bytes.ts';
import { hashKeyIn } from '../key-hash.ts';
import type { PackedValue, VersionedEntry } from '../versioned-entry.ts';
import {
  KIND_PACKED_PUT,
  KIND_PUT,
  KIND_RANGE,
  checkedLengthAt,
  deadlineAt,
  keyLengthAt,
  keyStartAt,
  kindAt,
  logEntryBytes,
  metaLengthAt,
  packedValueAt,
  restLengthAt,
  restStartAt,
  writeLogEntry,
} from './log-entry.ts';
import type { Place } from '../byte-reader.ts';
import type { SlabPool } from './slab-pool.ts';

const INITIAL_ENTRIES = 64;
const NO_BYTES: Uint8Array = new Uint8Array(0);

export class EntryArena {
  readonly #pool: SlabPool;
  readonly #slabs: Uint8Array[] = [];
  /** Entry i begins at `#at[i]` of slab `#slabOf[i]`. */
  #slabOf: Uint16Array = new Uint16Array(INITIAL_ENTRIES);
  #at: Uint32Array = new Uint32Array(INITIAL_ENTRIES);
  #count = 0;
  #slab: Uint8Array = NO_BYTES;
  #used = 0;
  /** The parts of the group being written, and where the last of them began. */
  #parts: Uint8Array[] = [];
  #partStart = 0;

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  get count(): number {
    return this.#count;
  }

  /** Begins a group, with room for the header of its frame. */
  beginGroup(headerBytes: number): void {
    if (this.#slab.length - this.#used < headerBytes) this.#nextSlab(headerBytes);
    this.#parts = [];
    this.#partStart = this.#used;
    this.#used += headerBytes;
  }

  /** The group's bytes, in order, the room for the header first: views, to be filled in and then left alone. */
  endGroup(): Uint8Array[] {
    this.#endPart();
    return this.#parts;
  }

  /** Copies an entry in; returns its number. `rest`: the value of a put, packed or not, or the end of a range. */
  append(kind: number, key: Uint8Array, meta: Uint8Array, deadline: number, rest: Uint8Array | undefined): number {
    const body = rest ?? NO_BYTES;
    const length = logEntryBytes(key, meta, deadline, body);
    if (this.#slab.length - this.#used < length) {
      this.#endPart();
      this.#nextSlab(length);
      this.#partStart = 0;
    }
    writeLogEntry(this.#slab, this.#used, kind, key, meta, deadline, body, rest !== undefined);
    this.#note(this.#used);
    this.#used += length;
    return this.#count - 1;
  }

  /** Takes over bytes that hold entries from `start` to `end`, as a log was read. If they do not, none. */
  adopt(slab: Uint8Array, start: number, end: number, place: Place): void {
    if (slab !== this.#slab) this.#addSlab(slab);
    const before = this.#count;
    try {
      for (let at = start; at < end; ) {
        const length = checkedLengthAt(slab, at, end, place);
        this.#note(at);
        at += length;
      }
    } catch (error) {
      this.#count = before;
      throw error;
    }
    this.#used = slab.length;
  }

  /** Forgets the entries from this number on; their bytes stay used. */
  truncate(count: number): void {
    this.#count = count;
  }

  /** Gives the memory back. Nothing may be read any more, nor may any view that was handed out. */
  release(): void {
    for (const slab of this.#slabs.splice(0)) this.#pool.give(slab);
    this.#slab = NO_BYTES;
    this.#used = 0;
    this.#count = 0;
  }

  kind(entry: number): number {
    return kindAt(this.#slabOfEntry(entry), this.#at[entry] as number);
  }

  deadline(entry: number): number {
    return deadlineAt(this.#slabOfEntry(entry), this.#at[entry] as number);
  }

  compareKey(entry: number, key: Uint8Array): number {
    const slab = this.#slabOfEntry(entry);
    const at = this.#at[entry] as number;
    const start = keyStartAt(slab, at);
    return compareRange(slab, start, start + keyLengthAt(slab, at), key);
  }

  keyEquals(entry: number, key: Uint8Array): boolean {
    const slab = this.#slabOfEntry(entry);
    const at = this.#at[entry] as number;
    const length = keyLengthAt(slab, at);
    if (length !== key.length) return false;
    const start = keyStartAt(slab, at);
    // From the end: keys of one place differ late.
    for (let i = length - 1; i >= 0; i--) if (slab[start + i] !== key[i]) return false;
    return true;
  }

  /** As `hashKey` of the key. */
  keyHash(entry: number): number {
    const slab = this.#slabOfEntry(entry);
    const at = this.#at[entry] as number;
    const start = keyStartAt(slab, at);
    return hashKeyIn(slab, start, start + keyLengthAt(slab, at));
  }

  compareKeys(left: number, right: number): number {
    const slab = this.#slabOfEntry(left);
    const other = this.#slabOfEntry(right);
    const at = this.#at[left] as number;
    const otherAt = this.#at[right] as number;
    const start = keyStartAt(slab, at);
    const otherStart = keyStartAt(other, otherAt);
    const length = keyLengthAt(slab, at);
    const otherLength = keyLengthAt(other, otherAt);
    const shared = length < otherLength ? length : otherLength;
    for (let i = 0; i < shared; i++) {
      const difference = (slab[start + i] as number) - (other[otherStart + i] as number);
      if (difference !== 0) return difference;
    }
    return length - otherLength;
  }

  keyLength(entry: number): number {
    return keyLengthAt(this.#slabOfEntry(entry), this.#at[entry] as number);
  }

  /** How many bytes two keys have in common at their beginning, `most` at most. */
  sharedKeyPrefix(left: number, right: number, most: number): number {
    const slab = this.#slabOfEntry(left);
    const other = this.#slabOfEntry(right);
    const start = keyStartAt(slab, this.#at[left] as number);
    const otherStart = keyStartAt(other, this.#at[right] as number);
    const end = Math.min(most, this.keyLength(right));
    let length = 0;
    while (length < end && slab[start + length] === other[otherStart + length]) length++;
    return length;
  }

  /** The four bytes of a key from `offset` on, the first one the most significant; zeros where it ends. */
  keyWord(entry: number, offset: number): number {
    const slab = this.#slabOfEntry(entry);
    const at = this.#at[entry] as number;
    const length = keyLengthAt(slab, at);
    const start = keyStartAt(slab, at);
    let word = 0;
    for (let i = offset; i < offset + 4; i++) word = (word << 8) | (i < length ? (slab[start + i] as number) : 0);
    return word >>> 0;
  }

  /** A view. */
  key(entry: number): Uint8Array {
    const slab = this.#slabOfEntry(entry);
    const at = this.#at[entry] as number;
    const start = keyStartAt(slab, at);
    return slab.subarray(start, start + keyLengthAt(slab, at));
  }

  /** A view. */
  meta(entry: number): Uint8Array {
    const slab = this.#slabOfEntry(entry);
    const at = this.#at[entry] as number;
    const length = metaLengthAt(slab, at);
    if (length === 0) return NO_BYTES;
    const start = keyStartAt(slab, at) + keyLengthAt(slab, at);
    return slab.subarray(start, start + length);
  }

  /** A view of the value; `undefined` for a tombstone. */
  value(entry: number): Uint8Array | PackedValue | undefined {
    const slab = this.#slabOfEntry(entry);
    const at = this.#at[entry] as number;
    const kind = kindAt(slab, at);
    if (kind === KIND_PUT) return this.#rest(slab, at);
    if (kind !== KIND_PACKED_PUT) return undefined;
    const start = restStartAt(slab, at);
    return packedValueAt(slab, start, start + (restLengthAt(slab, at) as number));
  }

  /** A view of the key that a range ends before; `undefined`: it has no end. */
  rangeEnd(entry: number): Uint8Array | undefined {
    const slab = this.#slabOfEntry(entry);
    const at = this.#at[entry] as number;
    return kindAt(slab, at) === KIND_RANGE ? this.#rest(slab, at) : undefined;
  }

  /** All of an entry, as views. */
  entry(entry: number): VersionedEntry {
    return {
      key: this.key(entry),
      meta: this.meta(entry),
      deadline: this.deadline(entry),
      value: this.value(entry),
    };
  }

  #rest(slab: Uint8Array, at: number): Uint8Array | undefined {
    const length = restLengthAt(slab, at);
    if (length === undefined) return undefined;
    const start = restStartAt(slab, at);
    return slab.subarray(start, start + length);
  }

  #slabOfEntry(entry: number): Uint8Array {
    return this.#slabs[this.#slabOf[entry] as number] as Uint8Array;
  }

  #note(at: number): void {
    if (this.#count === this.#at.length) this.#grow();
    this.#slabOf[this.#count] = this.#slabs.length - 1;
    this.#at[this.#count] = at;
    this.#count++;
  }

  #endPart(): void {
    if (this.#used > this.#partStart) this.#parts.push(this.#slab.subarray(this.#partStart, this.#used));
  }

  #nextSlab(bytes: number): void {
    this.#addSlab(this.#pool.take(bytes));
    this.#used = 0;
  }

  #addSlab(slab: Uint8Array): void {
    this.#slab = slab;
    this.#slabs.push(slab);
  }

  #grow(): void {
    const at = new Uint32Array(2 * this.#at.length);
    at.set(this.#at);
    this.#at = at;
    const slabOf = new Uint16Array(at.length);
    slabOf.set(this.#slabOf);
    this.#slabOf = slabOf;
  }
}
