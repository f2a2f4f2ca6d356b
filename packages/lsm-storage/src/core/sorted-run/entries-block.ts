/**
 * The raw bytes of a block of entries, as they are read. The keys share one prefix, stored once, and an offset tells
 * where each entry begins: a lookup is one binary search without putting any key together, and both directions of
 * iteration cost the same. Drawn in docs/formats/sorted-run.md.
 *
 * Where entries begin is checked when the block is opened, what an entry says of its own lengths when it is read.
 */

import { ByteReader, readU32 } from '../byte-reader.ts';
import type { Place } from '../byte-reader.ts';
import { MAX_KEY_BYTES } from '../entry.ts';
import { CorruptionError } from '../errors.ts';
import { hashKey } from '../key-hash.ts';
import type { ValuePointer, RunEntry } from '../versioned-entry.ts';
import { HashIndex } from './hash-index.ts';
import { firstNotBelow, headOf } from './key-heads.ts';

export const FLAG_TOMBSTONE = 1;
export const FLAG_SEPARATE = 2;
export const FLAG_DEADLINE = 4;
export const FLAG_META = 8;
const ALL_FLAGS = 15;

/** Set in the count of a block whose offsets take four bytes each instead of two. */
export const WIDE_FLAG: number = 2 ** 31;

const COUNT_BYTES = 4;
const DEADLINE_BYTES = 6;
const U32 = 2 ** 32;
const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Lookups before a block gets its hash index: to make it takes as long as some fifty searches save. */
const LOOKUPS_BEFORE_INDEX = 32;

/** A key that is being hashed. */
const hashed: Uint8Array = new Uint8Array(MAX_KEY_BYTES);

/** What the block takes in memory beside its bytes and offsets: the objects. */
const OVERHEAD_BYTES = 256;
/** What a pointer to a value takes that is kept. */
const POINTER_BYTES = 80;

export class EntriesBlock {
  readonly count: number;
  readonly #raw: Uint8Array;
  readonly #place: Place;
  readonly #prefixStart: number;
  readonly #prefixLength: number;
  /**
   * Where each entry begins, and behind the last one where it ends; then, from the first search on, the head of each key
   * behind the prefix. One array, since each array is two more places in memory that a lookup must go to.
   */
  readonly #table: Int32Array;
  #hasHeads = false;
  #lookups = 0;
  #index: HashIndex | undefined;
  /** Of values kept apart that were looked up, to be handed out again with what was noted in them. */
  #pointers: (ValuePointer | undefined)[] = [];
  #separate = 0;
  /** Where the next field of the entry being read begins. */
  #at = 0;

  /** Takes the bytes over; a `CorruptionError` names the place they came from. */
  constructor(raw: Uint8Array, place: Place) {
    this.#raw = raw;
    this.#place = place;
    const trailer = raw.length < COUNT_BYTES ? 0 : readU32(raw, raw.length - COUNT_BYTES);
    const wide = trailer >= WIDE_FLAG;
    this.count = wide ? trailer - WIDE_FLAG : trailer;
    const end = raw.length - COUNT_BYTES - this.count * (wide ? 4 : 2);
    if (this.count === 0 || end <= 0) this.#malformed('a block of entries has no room for its offsets');
    this.#prefixLength = this.#varint(end);
    this.#prefixStart = this.#at;
    if (this.#prefixLength > MAX_KEY_BYTES) this.#malformed('a block has an impossible prefix');
    this.#table = this.#readOffsets(this.#prefixStart + this.#prefixLength, end, wide);
  }

  /** Memory that the block takes in the end, its bytes included. */
  get bytes(): number {
    const search = this.#table.byteLength + HashIndex.bytesFor(this.count);
    return this.#raw.length + search + this.#separate * POINTER_BYTES + OVERHEAD_BYTES;
  }

  /** The index of the entry with this key, whose hash is {@link hashKey}'s; -1 if there is none. */
  find(key: Uint8Array, hash: number): number {
    if (this.#comparePrefix(key) !== 0) return -1;
    if (this.#index !== undefined) return this.#findIn(this.#index, key, hash);
    if (++this.#lookups === LOOKUPS_BEFORE_INDEX && HashIndex.isWorthwhile(this.count)) this.#index = this.#makeIndex();
    const index = this.#lowerBound(key);
    return index < this.count && this.#compareSuffix(index, key) === 0 ? index : -1;
  }

  /** The index of the first entry whose key is not smaller; `count` if there is none. */
  lowerBound(key: Uint8Array): number {
    const order = this.#comparePrefix(key);
    if (order !== 0) return order < 0 ? this.count : 0;
    return this.#lowerBound(key);
  }

  /** The order of an entry's key and another one: negative if the entry's is smaller. */
  compareKeyAt(index: number, key: Uint8Array): number {
    return this.#comparePrefix(key) || this.#compareSuffix(index, key);
  }

  /** A key in memory of its own. */
  keyAt(index: number): Uint8Array {
    const end = this.#suffixEnd(index);
    const start = this.#at;
    const prefix = this.#prefixLength;
    const length = prefix + end - start;
    if (length > MAX_KEY_BYTES) this.#malformed('a key has an impossible length');
    const raw = this.#raw;
    const key = new Uint8Array(length);
    for (let i = 0; i < prefix; i++) key[i] = raw[this.#prefixStart + i] as number;
    for (let i = prefix; i < length; i++) key[i] = raw[start + i - prefix] as number;
    return key;
  }

  /**
   * An entry that was found, for a reader of its value: as `entryAt`, but the pointer to a value kept apart is the same
   * each time.
   */
  foundAt(index: number, key: Uint8Array): RunEntry {
    const kept = this.#pointers[index];
    const entry = this.#entry(index, key, kept);
    const { value } = entry;
    if (kept !== undefined || value === undefined || value instanceof Uint8Array) return entry;
    if (this.#pointers.length === 0) this.#pointers = new Array<undefined>(this.count).fill(undefined);
    this.#pointers[index] = value;
    return entry;
  }

  /** An entry; its meta and value are views of the block. `key`: its key, if the caller has it already. */
  entryAt(index: number, key: Uint8Array = this.keyAt(index)): RunEntry {
    return this.#entry(index, key, undefined);
  }

  /** `pointer`: to the entry's value, if it was read before, and all of the entry checked. */
  #entry(index: number, key: Uint8Array, pointer: ValuePointer | undefined): RunEntry {
    const flags = this.#raw[this.#table[index] as number] as number;
    const end = this.#table[index + 1] as number;
    this.#at = this.#suffixEnd(index);
    if (flags > ALL_FLAGS) this.#malformed(`an entry has unknown flags ${flags}`);
    const meta = (flags & FLAG_META) === 0 ? NO_BYTES : this.#bytes(this.#byte(end), end);
    const deadline = (flags & FLAG_DEADLINE) === 0 ? 0 : this.#deadline(end);
    if (pointer !== undefined) return { key, meta, deadline, value: pointer };
    let value: RunEntry['value'];
    if ((flags & FLAG_SEPARATE) !== 0) value = this.#pointer(end);
    else if ((flags & FLAG_TOMBSTONE) === 0) value = this.#bytes(this.#varint(end), end);
    if (this.#at !== end) this.#malformed('an entry does not end where the next one begins');
    return { key, meta, deadline, value };
  }

  /** For a key that begins with the prefix. */
  #findIn(index: HashIndex, key: Uint8Array, hash: number): number {
    for (let slot = index.next(hash); slot >= 0; slot = index.next(hash, slot + 1)) {
      const found = index.indexAt(slot);
      if (this.#compareSuffix(found, key) === 0) return found;
    }
    return -1;
  }

  #makeIndex(): HashIndex {
    const raw = this.#raw;
    const prefix = this.#prefixLength;
    for (let i = 0; i < prefix; i++) hashed[i] = raw[this.#prefixStart + i] as number;
    const index = new HashIndex(this.count);
    for (let entry = 0; entry < this.count; entry++) {
      const end = this.#suffixEnd(entry);
      const start = this.#at;
      const length = prefix + end - start;
      if (length > MAX_KEY_BYTES) this.#malformed('a key has an impossible length');
      for (let i = start; i < end; i++) hashed[prefix + i - start] = raw[i] as number;
      index.add(hashKey(hashed, length), entry);
    }
    return index;
  }

  /** For a key that begins with the prefix. */
  #lowerBound(key: Uint8Array): number {
    if (!this.#hasHeads) this.#readHeads();
    const table = this.#table;
    const heads = this.count + 1;
    const head = headOf(key, this.#prefixLength, key.length);
    let low = firstNotBelow(table, head, heads);
    if (low === this.count || table[heads + low] !== head || this.#compareSuffix(low, key) >= 0) return low;
    low++;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compareSuffix(middle, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #readHeads(): void {
    const heads = this.count + 1;
    for (let i = 0; i < this.count; i++) {
      const end = this.#suffixEnd(i);
      this.#table[heads + i] = headOf(this.#raw, this.#at, end);
    }
    this.#hasHeads = true;
  }

  /** Negative if every key that begins with the prefix is smaller, positive if every one is greater, else 0. */
  #comparePrefix(key: Uint8Array): number {
    const raw = this.#raw;
    const start = this.#prefixStart;
    const length = this.#prefixLength;
    const shared = length < key.length ? length : key.length;
    for (let i = 0; i < shared; i++) {
      const difference = (raw[start + i] as number) - (key[i] as number);
      if (difference !== 0) return difference;
    }
    return shared < length ? 1 : 0;
  }

  /** For a key that begins with the prefix. */
  #compareSuffix(index: number, key: Uint8Array): number {
    const end = this.#suffixEnd(index);
    const start = this.#at;
    const raw = this.#raw;
    const prefix = this.#prefixLength;
    const length = end - start;
    const rest = key.length - prefix;
    const shared = length < rest ? length : rest;
    for (let i = 0; i < shared; i++) {
      const difference = (raw[start + i] as number) - (key[prefix + i] as number);
      if (difference !== 0) return difference;
    }
    return length - rest;
  }

  /** Where an entry's part of its key ends; `#at` is where it begins. */
  #suffixEnd(index: number): number {
    const entryEnd = this.#table[index + 1] as number;
    this.#at = (this.#table[index] as number) + 1;
    const length = this.#varint(entryEnd);
    const end = this.#at + length;
    return end <= entryEnd ? end : this.#malformed('a key runs past its entry');
  }

  #readOffsets(start: number, end: number, wide: boolean): Int32Array {
    const raw = this.#raw;
    const offsets = new Int32Array(2 * this.count + 1);
    let last = start - 1;
    for (let i = 0; i < this.count; i++) {
      const at = end + i * (wide ? 4 : 2);
      const offset = wide ? readU32(raw, at) : (raw[at] as number) | ((raw[at + 1] as number) << 8);
      if (offset <= last) this.#malformed('entries do not follow one another');
      offsets[i] = last = offset;
      if (((raw[offset] as number) & FLAG_SEPARATE) !== 0) this.#separate++;
    }
    if (offsets[0] !== start || last >= end) this.#malformed('entries lie outside their block');
    offsets[this.count] = end;
    return offsets;
  }

  #byte(end: number): number {
    if (this.#at >= end) this.#malformed('an entry is too short');
    return this.#raw[this.#at++] as number;
  }

  #varint(end: number): number {
    const byte = this.#raw[this.#at] as number;
    if (byte < 0x80 && this.#at < end) {
      this.#at++;
      return byte;
    }
    const reader = new ByteReader(this.#raw, this.#place, this.#at, end);
    const value = reader.varint();
    this.#at = reader.position;
    return value;
  }

  #bytes(length: number, end: number): Uint8Array {
    const start = this.#at;
    if (length > end - start) this.#malformed(`${length} bytes were needed, ${end - start} are left`);
    this.#at = start + length;
    const raw = this.#raw;
    // As `subarray`, in half the time.
    return new Uint8Array(raw.buffer, raw.byteOffset + start, length);
  }

  #deadline(end: number): number {
    const start = this.#at;
    if (start + DEADLINE_BYTES > end) this.#malformed('an entry ends within its deadline');
    this.#at = start + DEADLINE_BYTES;
    const raw = this.#raw;
    return readU32(raw, start) + U32 * ((raw[start + 4] as number) | ((raw[start + 5] as number) << 8));
  }

  #pointer(end: number): ValuePointer {
    const file = this.#varint(end);
    const position = this.#varint(end);
    const storedLength = this.#varint(end);
    return { file, position, storedLength, rawLength: this.#varint(end), slot: undefined };
  }

  #malformed(what: string): never {
    throw new CorruptionError(this.#place.file, this.#place.offset, what);
  }
}
