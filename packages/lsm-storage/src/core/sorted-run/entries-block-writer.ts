/** Gathers the entries of a block until it is full, and encodes them together: only then is their prefix known. */

import { ByteWriter } from '../byte-writer.ts';
import { sharedPrefixLength } from '../bytes.ts';
import type { RunEntry } from '../versioned-entry.ts';
import { FLAG_DEADLINE, FLAG_META, FLAG_SEPARATE, FLAG_TOMBSTONE, WIDE_FLAG } from './entries-block.ts';

const NARROW_LIMIT = 2 ** 16;

/** What an entry takes beside its bytes, about: flags, lengths, its offset. */
const ENTRY_BYTES = 6;
const POINTER_BYTES = 16;

/** A block of entries that only point to their values may be so many times as long as others. */
const POINTERS_FACTOR = 2;

export class EntriesBlockWriter {
  readonly #writer: ByteWriter = new ByteWriter();
  readonly #entries: RunEntry[] = [];
  #prefixLength = 0;
  /** Of all entries, as if they shared nothing. */
  #bytes = 0;
  /** Likewise of those that have their values with them, and how many they are. */
  #inlineBytes = 0;
  #inlineCount = 0;

  get count(): number {
    return this.#entries.length;
  }

  /** Raw bytes that the block would have now, give or take a few per entry. */
  get bytes(): number {
    return this.#bytes - this.#prefixLength * Math.max(0, this.count - 1);
  }

  /**
   * Whether the entries that have their values with them take so many bytes, or all of them twice as many. A lookup reads a
   * whole block for one entry, so small blocks are good; but entries that only point to their
   * values are few bytes, nearly always in the cache, and compress and are found the better for being many.
   */
  isFull(blockBytes: number): boolean {
    const inlineBytes = this.#inlineBytes - this.#prefixLength * Math.max(0, this.#inlineCount - 1);
    return inlineBytes >= blockBytes || this.bytes >= POINTERS_FACTOR * blockBytes;
  }

  get firstKey(): Uint8Array | undefined {
    return this.#entries[0]?.key;
  }

  get lastKey(): Uint8Array | undefined {
    return this.#entries.at(-1)?.key;
  }

  /** Keys ascend strictly. The bytes of the entry must not change before the block is finished. */
  add(entry: RunEntry): void {
    const { key, meta, value } = entry;
    const first = this.#entries[0]?.key;
    // Keys ascend, so what the first shares with the newest, all of them share.
    this.#prefixLength =
      first === undefined ? key.length : Math.min(this.#prefixLength, sharedPrefixLength(first, key));
    this.#entries.push(entry);
    const content = value === undefined ? 0 : value instanceof Uint8Array ? value.length : POINTER_BYTES;
    const bytes = ENTRY_BYTES + key.length + meta.length + content;
    this.#bytes += bytes;
    if (!(value instanceof Uint8Array)) return;
    this.#inlineBytes += bytes;
    this.#inlineCount++;
  }

  /** The raw bytes, valid until the next block is finished; the writer starts again from nothing. */
  finish(): Uint8Array {
    const writer = this.#writer;
    const offsets = new Array<number>(this.count);
    const prefix = this.#prefixLength;
    writer.clear();
    writer.varint(prefix);
    writer.bytes((this.firstKey as Uint8Array).subarray(0, prefix));
    for (let i = 0; i < offsets.length; i++) {
      offsets[i] = writer.length;
      this.#write(this.#entries[i] as RunEntry);
    }
    this.#writeOffsets(offsets);
    this.#entries.length = 0;
    this.#bytes = 0;
    this.#inlineBytes = 0;
    this.#inlineCount = 0;
    return writer.view();
  }

  #writeOffsets(offsets: readonly number[]): void {
    const writer = this.#writer;
    const wide = writer.length > NARROW_LIMIT;
    for (const offset of offsets) {
      if (wide) writer.u32(offset);
      else writer.u16(offset);
    }
    writer.u32(wide ? offsets.length + WIDE_FLAG : offsets.length);
  }

  #write({ key, meta, deadline, value }: RunEntry): void {
    const writer = this.#writer;
    const separate = value !== undefined && !(value instanceof Uint8Array);
    writer.u8(
      (value === undefined ? FLAG_TOMBSTONE : 0) |
        (separate ? FLAG_SEPARATE : 0) |
        (deadline === 0 ? 0 : FLAG_DEADLINE) |
        (meta.length === 0 ? 0 : FLAG_META),
    );
    writer.varint(key.length - this.#prefixLength);
    writer.bytesFrom(key, this.#prefixLength);
    if (meta.length > 0) {
      writer.u8(meta.length);
      writer.bytes(meta);
    }
    if (deadline !== 0) writer.u48(deadline);
    if (value === undefined) return;
    if (value instanceof Uint8Array) {
      writer.varint(value.length);
      writer.bytes(value);
    } else {
      writer.varint(value.file);
      writer.varint(value.position);
      writer.varint(value.storedLength);
      writer.varint(value.rawLength);
    }
  }
}
