/**
 * Memory of blocks that left the cache, for those that come into it. What a reader never gets to see need not wait for
 * the garbage collector: of a lookup that misses the cache, making and collecting memory took a third of the time.
 */

/** Sizes of memory: eight between a power of two and the next, so that at most an eighth is left over. */
const SIZE_BITS = 3;
const LEAST_BYTES = 512;
const MOST_BYTES = 64 * 1024;

/** New memory is made in pieces of so many bytes: each is an object to V8, which collects more often for having many. */
const PIECE_BYTES = 64 * 1024;

export class BlockMemory {
  readonly #spare: Map<number, Uint8Array[]> = new Map();
  readonly #mostSpareBytes: number;
  #spareBytes = 0;

  /** Keeps at most `mostSpareBytes` that are in no use. */
  constructor(mostSpareBytes: number) {
    this.#mostSpareBytes = mostSpareBytes;
  }

  /** Room for `length` bytes or a little more; what is in it is left over from its last use. */
  take(length: number): Uint8Array {
    if (length > MOST_BYTES) return new Uint8Array(length);
    const size = sizeFor(length);
    const spare = this.#spareOf(size);
    if (spare.length === 0) this.#cutPiece(size, spare);
    this.#spareBytes -= size;
    return spare.pop() as Uint8Array;
  }

  /** Nobody may look at what {@link BlockMemory.take} gave any more. */
  give(memory: Uint8Array): void {
    const size = memory.length;
    if (size > MOST_BYTES || this.#spareBytes + size > this.#mostSpareBytes) return;
    this.#spareOf(size).push(memory);
    this.#spareBytes += size;
  }

  #spareOf(size: number): Uint8Array[] {
    const known = this.#spare.get(size);
    if (known !== undefined) return known;
    const spare: Uint8Array[] = [];
    this.#spare.set(size, spare);
    return spare;
  }

  #cutPiece(size: number, spare: Uint8Array[]): void {
    const count = Math.floor(PIECE_BYTES / size);
    const piece = new Uint8Array(count * size);
    for (let i = count - 1; i >= 0; i--) spare.push(piece.subarray(i * size, (i + 1) * size));
    this.#spareBytes += count * size;
  }
}

function sizeFor(length: number): number {
  const least = Math.max(length, LEAST_BYTES);
  const step = 2 ** (31 - Math.clz32(least - 1) - SIZE_BITS);
  return Math.ceil(least / step) * step;
}
