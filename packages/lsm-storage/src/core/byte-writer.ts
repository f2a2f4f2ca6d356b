/** Writes numbers and byte strings into memory that grows. Integers are little-endian; varints are LEB128. */

import { copyBytes } from './bytes.ts';

const INITIAL_BYTES = 256;

export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(initialBytes: number = INITIAL_BYTES) {
    this.#bytes = new Uint8Array(initialBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#bytes[this.#length++] = value;
    this.#bytes[this.#length++] = value >>> 8;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  /** An integer from 0 to 2^53 - 1, in 8 bytes. */
  u64(value: number): void {
    this.u32(value % 2 ** 32);
    this.u32(Math.floor(value / 2 ** 32));
  }

  /** An integer from 0 to 2^53 - 1, in 1 to 8 bytes. */
  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** As `bytes`, of what begins at `start`: a view of a few bytes costs more than copying them one by one. */
  bytesFrom(bytes: Uint8Array, start: number): void {
    this.#reserve(bytes.length - start);
    for (let i = start; i < bytes.length; i++) this.#bytes[this.#length++] = bytes[i] as number;
  }

  /** An integer from 0 to 2^48 - 1, in 6 bytes. */
  u48(value: number): void {
    this.u32(value % 2 ** 32);
    this.u8(Math.floor(value / 2 ** 32));
    this.u8(Math.floor(value / 2 ** 40));
  }

  /** Starts again from nothing, in the same memory. */
  clear(): void {
    this.#length = 0;
  }

  /** The bytes written so far, as a view: valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The bytes written so far, copied; the writer starts again from nothing. */
  take(): Uint8Array {
    const taken = copyBytes(this.view());
    this.#length = 0;
    return taken;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes));
    grown.set(this.view());
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
