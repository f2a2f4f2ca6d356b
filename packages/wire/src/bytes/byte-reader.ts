/** Reads big-endian fields; every read is checked against what remains, and a short input is a WireError. */
import { malformed } from '../errors.ts';
import { hexOf } from './hex.ts';
import { readUtf8 } from './utf8.ts';

const scratch = new DataView(new ArrayBuffer(8));

export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset: number;

  /** Borrows `bytes`: what {@link bytes} returns are views of them. Reading starts at `offset`. */
  constructor(bytes: Uint8Array, offset: number = 0) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    return this.#at(this.#advance(1));
  }

  u16(): number {
    const at = this.#advance(2);
    return (this.#at(at) << 8) | this.#at(at + 1);
  }

  u32(): number {
    const at = this.#advance(4);
    const signed = (this.#at(at) << 24) | (this.#at(at + 1) << 16) | (this.#at(at + 2) << 8) | this.#at(at + 3);
    return signed >>> 0;
  }

  u48(): number {
    return this.u16() * 2 ** 32 + this.u32();
  }

  /** @throws WireError MALFORMED also for integers that a double cannot hold exactly, from 2^53 on. */
  u64(): number {
    const high = this.u32();
    const low = this.u32();
    if (high > 0x1fffff) throw malformed('needed an integer below 2^53, got a larger one');
    return high * 2 ** 32 + low;
  }

  f64(): number {
    scratch.setUint32(0, this.u32());
    scratch.setUint32(4, this.u32());
    return scratch.getFloat64(0);
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  utf8(length: number): string {
    return readUtf8(this.bytes(length));
  }

  /** `length` bytes as twice as many digits. */
  hex(length: number): string {
    const at = this.#advance(length);
    return hexOf(this.#bytes, at, at + length);
  }

  #advance(length: number): number {
    const at = this.#offset;
    if (length > this.remaining) throw malformed(`needed ${length} more bytes, got ${this.remaining}`);
    this.#offset = at + length;
    return at;
  }

  #at(index: number): number {
    return this.#bytes[index] ?? 0;
  }
}
