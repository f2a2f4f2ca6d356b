/**
 * Compresses values on their way in, before they are logged: then log, memory and flush have half the bytes to move, or
 * fewer, and no job compresses them again. Only values that get a block of their own in a value file, since small ones
 * compress better together; and none so large that the caller would notice.
 */

import { worthStoring } from './block-file/block.ts';
import { PACKED_HEAD_BYTES, writePackedHead } from './memtable/log-entry.ts';
import type { Codec } from './ports/codec.ts';

/** Above it a job compresses the value: fast levels of zstd take about a microsecond a kilobyte. */
const MOST_BYTES = 64 * 1024;

/** Of values that did not become smaller, at least each so manieth is tried nevertheless. */
const MOST_SKIPPED = 16;

export class ValuePacker {
  readonly #codec: Codec;
  readonly #leastBytes: number;
  #packed: Uint8Array = new Uint8Array(0);
  /** Values yet to be passed by, and how many they will be after the next that does not become smaller. */
  #skip = 0;
  #nextSkip = 1;

  /** `leastBytes`: shorter values are left as they are. */
  constructor(codec: Codec, leastBytes: number) {
    this.#codec = codec;
    this.#leastBytes = leastBytes;
  }

  /** A value as a log entry holds it packed, valid until the next call; `undefined`: it is to be held as it is. */
  pack(value: Uint8Array): Uint8Array | undefined {
    const { length } = value;
    if (length < this.#leastBytes || length > MOST_BYTES || this.#codec.id === 0) return undefined;
    // What was not worth it mostly is not worth it for the values that follow: photographs come in albums.
    if (this.#skip > 0) {
      this.#skip--;
      return undefined;
    }
    const compressed = this.#codec.compress(value);
    if (!worthStoring(compressed.length, length)) {
      this.#skip = this.#nextSkip;
      this.#nextSkip = Math.min(2 * this.#nextSkip, MOST_SKIPPED);
      return undefined;
    }
    this.#nextSkip = 1;
    return this.#put(compressed, length);
  }

  #put(compressed: Uint8Array, rawLength: number): Uint8Array {
    const length = PACKED_HEAD_BYTES + compressed.length;
    if (this.#packed.length < length) this.#packed = new Uint8Array(PACKED_HEAD_BYTES + MOST_BYTES);
    writePackedHead(this.#packed, this.#codec.id, rawLength);
    this.#packed.set(compressed, PACKED_HEAD_BYTES);
    return this.#packed.subarray(0, length);
  }
}
