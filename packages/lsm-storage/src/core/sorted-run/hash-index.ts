/**
 * Where the entries of a block are, by the hashes of their keys: a table with open addressing, at most two thirds full.
 * A slot holds the upper half of a hash and an entry's index + 1; 0: free.
 *
 *     31      16 15         0
 *     │ hash>>>16 │ index + 1 │
 *
 * A lookup that has the hash already touches one line of memory where a binary search touches eight or nine.
 */

/** Among fewer entries a search by heads is as fast; more cannot be numbered. */
const LEAST_ENTRIES = 200;
const MOST_ENTRIES = 0xffff;

export class HashIndex {
  readonly #slots: Int32Array;

  /** For `count` entries, for which it must be worthwhile. */
  constructor(count: number) {
    this.#slots = new Int32Array(slotsFor(count));
  }

  static isWorthwhile(count: number): boolean {
    return count >= LEAST_ENTRIES && count <= MOST_ENTRIES;
  }

  /** Memory that an index of so many entries takes, in bytes; 0 where there will be none. */
  static bytesFor(count: number): number {
    return HashIndex.isWorthwhile(count) ? slotsFor(count) * Int32Array.BYTES_PER_ELEMENT : 0;
  }

  add(hash: number, index: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = (hash & 0xffff0000) | (index + 1);
  }

  /** The first slot, from `from` on, of an entry whose key may have this hash; -1 if there is none. */
  next(hash: number, from: number = hash): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = from & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot] as number;
      if (held === 0) return -1;
      if (((held ^ hash) & 0xffff0000) === 0) return slot;
    }
  }

  /** The entry of a slot that was found. */
  indexAt(slot: number): number {
    return ((this.#slots[slot] as number) & 0xffff) - 1;
  }
}

function slotsFor(count: number): number {
  return 2 ** Math.ceil(Math.log2((count * 3) / 2 + 1));
}
