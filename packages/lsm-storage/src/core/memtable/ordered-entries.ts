/**
 * The keys of a memtable in byte order, each by the number of its first entry, as a list of short sorted lists: finding
 * is two binary searches, inserting shifts one short list. New keys wait unsorted until the first question about order,
 * so that a memtable that is only written and looked up pays nothing for it.
 */

import type { EntryArena } from './entry-arena.ts';
import { sortEntries } from './sort-entries.ts';

const CHUNK_KEYS = 256;
const NONE = -1;

export class OrderedEntries {
  readonly #entries: EntryArena;
  /** Never an empty chunk; every key of a chunk is smaller than every key of the next. */
  #chunks: number[][] = [];
  #waiting: number[] = [];

  constructor(entries: EntryArena) {
    this.#entries = entries;
  }

  /** The caller adds each key once. */
  add(entry: number): void {
    this.#waiting.push(entry);
  }

  /** Takes out a key that was added. */
  remove(entry: number): void {
    this.#settle();
    const key = this.#entries.key(entry);
    const c = firstWhere(this.#chunks.length, (i) => this.#reaches(this.#chunks[i]?.at(-1), key, true));
    const chunk = this.#chunks[c] ?? [];
    chunk.splice(chunk.indexOf(entry), 1);
    if (chunk.length === 0) this.#chunks.splice(c, 1);
  }

  /** The first key greater than `key` (or equal, if `inclusive`); the first of all for `undefined`; -1 if there is none. */
  above(key: Uint8Array | undefined, inclusive: boolean): number {
    this.#settle();
    if (key === undefined) return this.#chunks[0]?.[0] ?? NONE;
    const c = firstWhere(this.#chunks.length, (i) => this.#reaches(this.#chunks[i]?.at(-1), key, inclusive));
    const chunk = this.#chunks[c];
    if (chunk === undefined) return NONE;
    return chunk[firstWhere(chunk.length, (i) => this.#reaches(chunk[i], key, inclusive))] ?? NONE;
  }

  /** The last key smaller than `key` (or equal, if `inclusive`); the last of all for `undefined`; -1 if there is none. */
  below(key: Uint8Array | undefined, inclusive: boolean): number {
    this.#settle();
    if (key === undefined) return this.#chunks.at(-1)?.at(-1) ?? NONE;
    const c = firstWhere(this.#chunks.length, (i) => this.#reaches(this.#chunks[i]?.[0], key, !inclusive)) - 1;
    const chunk = this.#chunks[c];
    if (chunk === undefined) return NONE;
    return chunk[firstWhere(chunk.length, (i) => this.#reaches(chunk[i], key, !inclusive)) - 1] ?? NONE;
  }

  /** All, ascending. */
  all(): number[] {
    this.#settle();
    return this.#chunks.flat();
  }

  #settle(): void {
    if (this.#waiting.length === 0) return;
    const waiting = sortEntries(this.#entries, this.#waiting);
    this.#waiting = [];
    if (this.#chunks.length === 0) {
      for (let i = 0; i < waiting.length; i += CHUNK_KEYS) this.#chunks.push([...waiting.subarray(i, i + CHUNK_KEYS)]);
      return;
    }
    for (const entry of waiting) this.#insert(entry);
  }

  #insert(entry: number): void {
    const key = this.#entries.key(entry);
    const found = firstWhere(this.#chunks.length, (i) => this.#reaches(this.#chunks[i]?.at(-1), key, true));
    const c = Math.min(found, this.#chunks.length - 1);
    const chunk = this.#chunks[c] as number[];
    chunk.splice(
      firstWhere(chunk.length, (i) => this.#reaches(chunk[i], key, true)),
      0,
      entry,
    );
    if (chunk.length > 2 * CHUNK_KEYS) this.#chunks.splice(c + 1, 0, chunk.splice(CHUNK_KEYS));
  }

  #reaches(candidate: number | undefined, key: Uint8Array, inclusive: boolean): boolean {
    if (candidate === undefined) return false;
    const order = this.#entries.compareKey(candidate, key);
    return inclusive ? order >= 0 : order > 0;
  }
}

/** The first index in [0, count) that satisfies a predicate which, once true, stays true; else `count`. */
function firstWhere(count: number, predicate: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (predicate(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
