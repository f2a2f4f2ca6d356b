/**
 * Finds the entries of a key: a hash table with open addressing over entry numbers, and for each key the chain of its
 * versions, newest first. It holds numbers alone; the keys are where the entries are.
 *
 * A table of millions of keys is far larger than any cache of the processor, so what a lookup costs is how many places it
 * touches. Therefore a slot holds beside the number of an entry as many bits of the hash as there is room for: those of
 * other keys along the way are passed over without looking anything up.
 */

import type { EntryArena } from './entry-arena.ts';

const INITIAL_SLOTS = 128;
const NONE = -1;
const FREE = 0;

export class KeyTable {
  readonly #entries: EntryArena;
  /**
   * The number of the first entry of a key, + 1, in the low bits that are set in `#numberMask`; above them, what the hash
   * has there. Linear probing, at most half full.
   */
  #slots: Int32Array = new Int32Array(INITIAL_SLOTS);
  #numberMask: number = INITIAL_SLOTS - 1;
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

  /** Makes room for so many entries, so that it need not be made step by step. */
  reserve(entries: number): void {
    if (entries > this.#hashes.length) this.#growEntries(entries);
    if (2 * entries > this.#slots.length) this.#growSlots(entries);
  }

  /** Takes an entry in, whose number is higher than those before. True: its key is new. */
  add(entry: number, hash: number): boolean {
    if (entry >= this.#hashes.length) this.#growEntries(entry + 1);
    if (2 * (this.#keys + 1) > this.#slots.length) this.#growSlots(this.#keys + 1);
    const slot = this.#slotOfEntry(entry, hash);
    const known = ((this.#slots[slot] as number) & this.#numberMask) - 1;
    const first = known === NONE ? entry : known;
    this.#hashes[entry] = hash;
    this.#first[entry] = first;
    this.#previous[entry] = known === NONE ? NONE : (this.#newest[first] as number);
    this.#newest[first] = entry;
    if (known !== NONE) return false;
    this.#slots[slot] = (entry + 1) | (hash & ~this.#numberMask);
    this.#firsts[this.#keys++] = entry;
    return true;
  }

  /** Takes out the entry that was added last, of those still there. True: its key is gone. */
  removeLast(entry: number): boolean {
    const first = this.#first[entry] as number;
    this.#newest[first] = this.#previous[entry] as number;
    if (first !== entry) return false;
    // What was added last to a chain of probes can go without breaking it.
    this.#slots[this.#slotOfEntry(entry, this.#hashes[entry] as number)] = FREE;
    this.#keys--;
    return true;
  }

  /** The newest version of a key that is not above `limit`; -1 if there is none. */
  find(key: Uint8Array, hash: number, limit: number): number {
    const numberMask = this.#numberMask;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let held = this.#slots[slot] as number; held !== FREE; held = this.#slots[slot] as number) {
      const first = (held & numberMask) - 1;
      if (((held ^ hash) & ~numberMask) === 0 && this.#entries.keyEquals(first, key))
        return this.newestOf(first, limit);
      slot = (slot + 1) & mask;
    }
    return NONE;
  }

  /** The same of the key whose first version is `first`. */
  newestOf(first: number, limit: number): number {
    let entry = this.#newest[first] as number;
    while (entry > limit && entry !== NONE) entry = this.#previous[entry] as number;
    return entry;
  }

  /** The slot of an entry's key, or the free one where it would go. */
  #slotOfEntry(entry: number, hash: number): number {
    const numberMask = this.#numberMask;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let held = this.#slots[slot] as number; held !== FREE; held = this.#slots[slot] as number) {
      const same = ((held ^ hash) & ~numberMask) === 0;
      if (same && this.#entries.compareKeys((held & numberMask) - 1, entry) === 0) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #growEntries(entries: number): void {
    let { length } = this.#hashes;
    while (length < entries) length *= 2;
    this.#hashes = grown(this.#hashes, new Uint32Array(length));
    this.#previous = grown(this.#previous, new Int32Array(length));
    this.#first = grown(this.#first, new Int32Array(length));
    this.#newest = grown(this.#newest, new Int32Array(length));
    this.#widenNumbers(2 * length - 1);
  }

  /** The numbers in the slots get more bits, so the hashes keep fewer. */
  #widenNumbers(numberMask: number): void {
    const narrowed = ~(numberMask & ~this.#numberMask);
    const slots = this.#slots;
    for (let slot = 0; slot < slots.length; slot++) slots[slot] = (slots[slot] as number) & narrowed;
    this.#numberMask = numberMask;
  }

  /** In the order of entry numbers, so that the last added is also the last in its chain of probes. */
  #growSlots(keys: number): void {
    let { length } = this.#slots;
    while (length < 2 * keys) length *= 2;
    const slots = new Int32Array(length);
    const mask = length - 1;
    const hashBits = ~this.#numberMask;
    for (let i = 0; i < this.#keys; i++) {
      const first = this.#firsts[i] as number;
      const hash = this.#hashes[first] as number;
      let slot = hash & mask;
      while (slots[slot] !== FREE) slot = (slot + 1) & mask;
      slots[slot] = (first + 1) | (hash & hashBits);
    }
    this.#slots = slots;
    this.#firsts = grown(this.#firsts, new Int32Array(length / 2));
  }
}

function grown<T extends Uint32Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
