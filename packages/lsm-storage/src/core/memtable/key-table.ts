/**
 * Finds the entries of a key: a hash table with open addressing over entry numbers, and for each key the chain of its
 * versions, newest first. It holds numbers alone; the keys are where the entries are.
 */

import type { EntryArena } from './entry-arena.ts';

const INITIAL_SLOTS = 128;
const NONE = -1;

export class KeyTable {
  readonly #entries: EntryArena;
  /** The first entry of a key, + 1; 0: free. Linear probing, at most half full. */
  #slots: Int32Array = new Int32Array(INITIAL_SLOTS);
  /** The first entry of each key, in the order of adding. */
  #firsts: Int32Array = new Int32Array(INITIAL_SLOTS / 2);
  #keys = 0;
  /** By entry number. */
  #hashes: Uint32Array = new Uint32Array(INITIAL_SLOTS / 2);
  /** The version of the same key before this one. */
  #previous: Int32Array = new Int32Array(INITIAL_SLOTS / 2);
  /** The first version of the same key. */
  #first: Int32Array = new Int32Array(INITIAL_SLOTS / 2);
  /** Of a first version: the newest one. */
  #newest: Int32Array = new Int32Array(INITIAL_SLOTS / 2);

  constructor(entries: EntryArena) {
    this.#entries = entries;
  }

  /** Distinct keys. */
  get keys(): number {
    return this.#keys;
  }

  /** Takes an entry in, whose number is higher than those before. True: its key is new. */
  add(entry: number, key: Uint8Array, hash: number): boolean {
    if (entry >= this.#hashes.length) this.#growEntries(entry);
    if (2 * (this.#keys + 1) > this.#slots.length) this.#growSlots();
    const slot = this.#slotOf(key, hash);
    const known = (this.#slots[slot] as number) - 1;
    const first = known === NONE ? entry : known;
    this.#hashes[entry] = hash;
    this.#first[entry] = first;
    this.#previous[entry] = known === NONE ? NONE : (this.#newest[first] as number);
    this.#newest[first] = entry;
    if (known !== NONE) return false;
    this.#slots[slot] = entry + 1;
    this.#firsts[this.#keys++] = entry;
    return true;
  }

  /** Takes out the entry that was added last, of those still there. True: its key is gone. */
  removeLast(entry: number): boolean {
    const first = this.#first[entry] as number;
    this.#newest[first] = this.#previous[entry] as number;
    if (first !== entry) return false;
    // What was added last to a chain of probes can go without breaking it.
    this.#slots[this.#slotOf(this.#entries.key(entry), this.#hashes[entry] as number)] = 0;
    this.#keys--;
    return true;
  }

  /** The newest version of a key that is not above `limit`; -1 if there is none. */
  find(key: Uint8Array, hash: number, limit: number): number {
    const first = (this.#slots[this.#slotOf(key, hash)] as number) - 1;
    return first === NONE ? NONE : this.newestOf(first, limit);
  }

  /** The same of the key whose first version is `first`. */
  newestOf(first: number, limit: number): number {
    let entry = this.#newest[first] as number;
    while (entry > limit && entry !== NONE) entry = this.#previous[entry] as number;
    return entry;
  }

  /** The slot of a key, or the free one where it would go. */
  #slotOf(key: Uint8Array, hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let held = this.#slots[slot] as number; held !== 0; held = this.#slots[slot] as number) {
      if (this.#hashes[held - 1] === hash && this.#entries.keyEquals(held - 1, key)) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #growEntries(entry: number): void {
    const length = Math.max(entry + 1, 2 * this.#hashes.length);
    this.#hashes = grown(this.#hashes, new Uint32Array(length));
    this.#previous = grown(this.#previous, new Int32Array(length));
    this.#first = grown(this.#first, new Int32Array(length));
    this.#newest = grown(this.#newest, new Int32Array(length));
  }

  /** In the order of entry numbers, so that the last added is also the last in its chain of probes. */
  #growSlots(): void {
    const slots = new Int32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let i = 0; i < this.#keys; i++) {
      const first = this.#firsts[i] as number;
      let slot = (this.#hashes[first] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = first + 1;
    }
    this.#slots = slots;
    this.#firsts = grown(this.#firsts, new Int32Array(slots.length / 2));
  }
}

function grown<T extends Uint32Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
