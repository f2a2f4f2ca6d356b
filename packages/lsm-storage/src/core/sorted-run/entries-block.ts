/**
 * The raw bytes of a block of entries. Keys are stored as what they add to the key before; every sixteenth entry is a
 * restart, which stores its key whole, so that a lookup is a binary search over restarts and a short walk (the shape
 * of LevelDB's table format). Drawn in docs/formats/sorted-run.md.
 */

import { ByteReader, readU32 } from '../byte-reader.ts';
import type { Place } from '../byte-reader.ts';
import { ByteWriter } from '../byte-writer.ts';
import { compareRange, copyBytes, sharedPrefixLength } from '../bytes.ts';
import { MAX_KEY_BYTES } from '../entry.ts';
import { CorruptionError } from '../errors.ts';
import type { ValuePointer } from './block.ts';

/** An entry as runs and memtables know it. */
export interface VersionedEntry {
  readonly key: Uint8Array;
  readonly meta: Uint8Array;
  /** The value, or where it lies in the run, or `undefined` for a tombstone. */
  readonly value: Uint8Array | ValuePointer | undefined;
}

const RESTART_INTERVAL = 16;
const FLAG_TOMBSTONE = 1;
const FLAG_SEPARATE = 2;
const NO_BYTES: Uint8Array = new Uint8Array(0);

export class EntriesBlockWriter {
  readonly #writer: ByteWriter = new ByteWriter();
  #restarts: number[] = [];
  #entries = 0;
  #lastKey: Uint8Array = NO_BYTES;

  get entries(): number {
    return this.#entries;
  }

  /** Raw bytes so far. */
  get bytes(): number {
    return this.#writer.length + 4 * (this.#restarts.length + 1);
  }

  /** Keys ascend strictly. The writer keeps the key until the next call. */
  add(entry: VersionedEntry): void {
    const restart = this.#entries % RESTART_INTERVAL === 0;
    if (restart) this.#restarts.push(this.#writer.length);
    const shared = restart ? 0 : sharedPrefixLength(this.#lastKey, entry.key);
    const { value } = entry;
    const separate = value !== undefined && !(value instanceof Uint8Array);
    this.#writer.u8(value === undefined ? FLAG_TOMBSTONE : separate ? FLAG_SEPARATE : 0);
    this.#writer.varint(shared);
    this.#writer.varint(entry.key.length - shared);
    this.#writer.bytes(entry.key.subarray(shared));
    this.#addContent(entry.meta, value);
    this.#entries++;
    this.#lastKey = entry.key;
  }

  /** The finished raw bytes; the writer starts again from nothing. */
  take(): Uint8Array {
    for (const restart of this.#restarts) this.#writer.u32(restart);
    this.#writer.u32(this.#restarts.length);
    this.#restarts = [];
    this.#entries = 0;
    return this.#writer.take();
  }

  #addContent(meta: Uint8Array, value: VersionedEntry['value']): void {
    if (value === undefined) return;
    this.#writer.u8(meta.length);
    this.#writer.bytes(meta);
    if (value instanceof Uint8Array) {
      this.#writer.varint(value.length);
      this.#writer.bytes(value);
    } else {
      this.#writer.varint(value.position);
      this.#writer.varint(value.storedLength);
      this.#writer.varint(value.rawLength);
    }
  }
}

/** Reads the raw bytes of a block; metas and values of its entries are views of them. */
export class EntriesBlock {
  readonly #raw: Uint8Array;
  readonly #place: Place;
  readonly #restarts: number;
  readonly #end: number;

  constructor(raw: Uint8Array, place: Place) {
    this.#raw = raw;
    this.#place = place;
    this.#restarts = raw.length < 4 ? 0 : readU32(raw, raw.length - 4);
    this.#end = raw.length - 4 - 4 * this.#restarts;
    if (this.#restarts === 0 || this.#end <= 0) this.#malformed('a block of entries has no room for its restarts');
  }

  find(key: Uint8Array): VersionedEntry | undefined {
    const walk = new EntryWalk(this.#raw, this.#place, this.#restartBefore(key), this.#end);
    while (walk.next()) {
      const order = walk.compareKey(key);
      if (order === 0) return walk.entry();
      if (order > 0) return undefined;
    }
    return undefined;
  }

  all(): VersionedEntry[] {
    const walk = new EntryWalk(this.#raw, this.#place, 0, this.#end);
    const entries: VersionedEntry[] = [];
    while (walk.next()) entries.push(walk.entry());
    return entries;
  }

  /** Offset of the last restart whose key is not greater, or of the first. */
  #restartBefore(key: Uint8Array): number {
    let low = 0;
    let high = this.#restarts - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const walk = new EntryWalk(this.#raw, this.#place, this.#restart(middle), this.#end);
      if (walk.next() && walk.compareKey(key) <= 0) low = middle;
      else high = middle - 1;
    }
    return this.#restart(low);
  }

  #restart(index: number): number {
    const offset = readU32(this.#raw, this.#end + 4 * index);
    return offset < this.#end ? offset : this.#malformed('a restart lies outside its block');
  }

  #malformed(what: string): never {
    throw new CorruptionError(this.#place.file, this.#place.offset, what);
  }
}

/** Goes through entries from a restart on. The key is put together in place, and copied only on request. */
class EntryWalk {
  readonly #reader: ByteReader;
  readonly #place: Place;
  #key: Uint8Array = new Uint8Array(64);
  #keyLength = 0;
  #meta: Uint8Array = NO_BYTES;
  #value: VersionedEntry['value'];

  constructor(raw: Uint8Array, place: Place, start: number, end: number) {
    this.#reader = new ByteReader(raw, place, start, end);
    this.#place = place;
  }

  /** Moves to the next entry; false at the end of the block. */
  next(): boolean {
    const reader = this.#reader;
    if (reader.atEnd) return false;
    const flags = reader.u8();
    if (flags > FLAG_SEPARATE) this.#malformed(`an entry has unknown flags ${flags}`);
    this.#readKey();
    this.#meta = flags === FLAG_TOMBSTONE ? NO_BYTES : reader.bytes(reader.u8());
    if (flags === FLAG_TOMBSTONE) this.#value = undefined;
    else if (flags === 0) this.#value = reader.bytes(reader.varint());
    else {
      this.#value = { position: reader.varint(), storedLength: reader.varint(), rawLength: reader.varint() };
    }
    return true;
  }

  compareKey(key: Uint8Array): number {
    return compareRange(this.#key, 0, this.#keyLength, key);
  }

  entry(): VersionedEntry {
    return { key: copyBytes(this.#key.subarray(0, this.#keyLength)), meta: this.#meta, value: this.#value };
  }

  #readKey(): void {
    const shared = this.#reader.varint();
    const rest = this.#reader.bytes(this.#reader.varint());
    const length = shared + rest.length;
    if (shared > this.#keyLength || length > MAX_KEY_BYTES) this.#malformed('a key has impossible lengths');
    if (length > this.#key.length) {
      const grown = new Uint8Array(2 * length);
      grown.set(this.#key.subarray(0, shared));
      this.#key = grown;
    }
    this.#key.set(rest, shared);
    this.#keyLength = length;
  }

  #malformed(what: string): never {
    throw new CorruptionError(this.#place.file, this.#place.offset, what);
  }
}
