/**
 * Memory of blocks that left the cache, for those that come into it. What a reader never gets to see need not wait for
 * the garbage collector: of a lookup that misses the cache, making and collecting memory took a third of the time.
 */

/** Sizes of memory: eight between a power of two and the next, so that at most an eighth is left over. */
const SIZE_BITS = 3;
const LEAST_BYTES = 512;
const MOST_BYTES = 64 * 1024;

export class BlockMemory {
  readonly #spare: Map<number, Uint8Array[]> = new Map();
  readonly #mostSpareBytes: number;
  #spareBytes = 0;

  /** Keeps at most `mostSpareBytes` that are in no use. */
  constructor(mostSpareBytes: number) {
    this.#mostSpareBytes = mostSpareBytes;
  }

  /** At least `length` bytes; what is in them is left over from their last use. `undefined`: too many to be kept. */
  take(length: number): Uint8Array | undefined {
    if (length > MOST_BYTES) return undefined;
    const size = sizeFor(length);
    const memory = this.#spare.get(size)?.pop();
    if (memory === undefined) return new Uint8Array(size);
    this.#spareBytes -= size;
    return memory;
  }

  /** Nobody may look at what {@link BlockMemory.take} gave any more. */
  give(memory: Uint8Array): void {
    const size = memory.length;
    if (this.#spareBytes + size > this.#mostSpareBytes) return;
    const spare = this.#spare.get(size);
    if (spare === undefined) this.#spare.set(size, [memory]);
    else spare.push(memory);
    this.#spareBytes += size;
  }
}

function sizeFor(length: number): number {
  const least = Math.max(length, LEAST_BYTES);
  const step = 2 ** (31 - Math.clz32(least - 1) - SIZE_BITS);
  return Math.ceil(least / step) * step;
}
