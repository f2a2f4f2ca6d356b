/**
 * Writes big-endian fields into one buffer of the exact size, which the layouts compute first. A write past the end
 * means that a layout's size and write disagree: that is a defect of this package, so it throws a RangeError.
 */
import { byteAt } from './hex.ts';
import { writeUtf8 } from './utf8.ts';

const scratch = new DataView(new ArrayBuffer(8));

export class ByteWriter {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #offset = 0;

  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  /** The buffer itself, once every byte of it is written. */
  finish(): Uint8Array<ArrayBuffer> {
    if (this.#offset !== this.#bytes.length) {
      throw new RangeError(`a layout announced ${this.#bytes.length} bytes and wrote ${this.#offset}`);
    }
    return this.#bytes;
  }

  u8(value: number): void {
    this.#bytes[this.#advance(1)] = value;
  }

  u16(value: number): void {
    const at = this.#advance(2);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
  }

  u32(value: number): void {
    const at = this.#advance(4);
    this.#bytes[at] = value >>> 24;
    this.#bytes[at + 1] = value >>> 16;
    this.#bytes[at + 2] = value >>> 8;
    this.#bytes[at + 3] = value;
  }

  /** An integer in [0, 2^48). */
  u48(value: number): void {
    this.u16(Math.floor(value / 2 ** 32));
    this.u32(value);
  }

  /** An integer in [0, 2^53), in 8 bytes. */
  u64(value: number): void {
    this.u32(Math.floor(value / 2 ** 32));
    this.u32(value);
  }

  f64(value: number): void {
    scratch.setFloat64(0, value);
    this.u32(scratch.getUint32(0));
    this.u32(scratch.getUint32(4));
  }

  bytes(value: Uint8Array): void {
    this.#bytes.set(value, this.#advance(value.length));
  }

  /** `length` is what `utf8Length(value)` said. */
  utf8(value: string, length: number): void {
    writeUtf8(this.#bytes, this.#advance(length), value);
  }

  /** The bytes that the digits of `value` from `start` to `end` stand for. @throws WireError MALFORMED */
  hex(value: string, start: number, end: number): void {
    let at = this.#advance((end - start) / 2);
    for (let index = start; index < end; index += 2) this.#bytes[at++] = byteAt(value, index);
  }

  #advance(length: number): number {
    const at = this.#offset;
    if (at + length > this.#bytes.length) {
      throw new RangeError(`a layout announced ${this.#bytes.length} bytes and writes ${at + length}`);
    }
    this.#offset = at + length;
    return at;
  }
}
