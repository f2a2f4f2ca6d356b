/**
 * Reads what {@link ByteWriter} wrote, trusting nothing: whatever runs past the end or out of range is reported as
 * damage of the place that the bytes came from.
 */

import { CorruptionError } from './errors.ts';

/** Where bytes come from: named by every error about them. */
export interface Place {
  readonly file: string;
  readonly offset: number;
}

export function readU32(bytes: Uint8Array, at: number): number {
  const value =
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24);
  return value >>> 0;
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #place: Place;
  readonly #end: number;
  #position: number;

  constructor(bytes: Uint8Array, place: Place, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#place = place;
    this.#position = start;
    this.#end = end;
  }

  get position(): number {
    return this.#position;
  }

  get atEnd(): boolean {
    return this.#position >= this.#end;
  }

  u8(): number {
    return this.#bytes[this.#advance(1)] as number;
  }

  u32(): number {
    const start = this.#advance(4);
    return readU32(this.#bytes, start);
  }

  /** At most 2^53 - 1. */
  u64(): number {
    const value = this.u32() + this.u32() * 2 ** 32;
    return value <= Number.MAX_SAFE_INTEGER ? value : this.#malformed('a number is out of range');
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : this.#malformed('a number is out of range');
      scale *= 0x80;
    }
    return this.#malformed('a number has no end');
  }

  /** A view of the next bytes. */
  bytes(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  #advance(length: number): number {
    const start = this.#position;
    if (length > this.#end - start) {
      this.#malformed(`${length} bytes were needed, ${this.#end - start} are left`);
    }
    this.#position = start + length;
    return start;
  }

  #malformed(what: string): never {
    throw new CorruptionError(this.#place.file, this.#place.offset, what);
  }
}
