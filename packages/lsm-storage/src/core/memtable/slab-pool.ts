/**
 * Memory for what writers hand in: slabs that are filled from front to back and used again, so that a store under load
 * holds a steady amount of memory and leaves the garbage collector nothing to find.
 */

const MIB = 1024 * 1024;

export class SlabPool {
  /** Of every slab that is not made for one large entry. */
  readonly slabBytes: number;
  readonly #mostSpare: number;
  readonly #spare: Uint8Array[] = [];

  /** Keeps at most `spareBytes` for reuse. */
  constructor(slabBytes: number, spareBytes: number) {
    this.slabBytes = slabBytes;
    this.#mostSpare = Math.floor(spareBytes / slabBytes);
  }

  /** Slabs of an eighth of a memtable, within reason; as many are kept for reuse as a memtable needs. */
  static forMemtables(memtableBytes: number): SlabPool {
    return new SlabPool(Math.min(MIB, Math.max(4096, Math.floor(memtableBytes / 8))), memtableBytes);
  }

  /** A slab of at least so many bytes; what is in it is left over from its last use. */
  take(bytes: number): Uint8Array {
    if (bytes > this.slabBytes) return new Uint8Array(bytes);
    return this.#spare.pop() ?? new Uint8Array(this.slabBytes);
  }

  /** Nobody may look at the slab any more. */
  give(slab: Uint8Array): void {
    if (slab.length === this.slabBytes && this.#spare.length < this.#mostSpare) this.#spare.push(slab);
  }
}
