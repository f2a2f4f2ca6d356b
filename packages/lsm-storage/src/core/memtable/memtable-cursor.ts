/** A place in the order of a memtable's entries as of a sequence. It stays valid while the memtable grows. */

import type { CursorStart } from '../sorted-run/run-cursor.ts';
import type { VersionedEntry } from '../versioned-entry.ts';
import type { Memtable } from './memtable.ts';

export class MemtableCursor {
  readonly #memtable: Memtable;
  readonly #upTo: number;
  readonly #reverse: boolean;
  #current: VersionedEntry | undefined;

  constructor(memtable: Memtable, start: CursorStart, upTo: number) {
    this.#memtable = memtable;
    this.#upTo = upTo;
    this.#reverse = start.reverse;
    this.#moveBeyond(start.key, start.inclusive);
  }

  /** Views of the memtable's memory; `undefined` at the end. */
  get current(): VersionedEntry | undefined {
    return this.#current;
  }

  get key(): Uint8Array | undefined {
    return this.#current?.key;
  }

  advance(): void {
    if (this.#current !== undefined) this.#moveBeyond(this.#current.key, false);
  }

  /** To the next key of which there is something as of the sequence, beside range tombstones. */
  #moveBeyond(key: Uint8Array | undefined, inclusive: boolean): void {
    let from = key;
    let orEqual = inclusive;
    for (;;) {
      const first = this.#reverse ? this.#memtable.below(from, orEqual) : this.#memtable.above(from, orEqual);
      const entry = first < 0 ? first : this.#memtable.newestOf(first, this.#upTo);
      this.#current = entry < 0 ? undefined : this.#memtable.entry(entry);
      if (first < 0 || entry >= 0) return;
      from = this.#memtable.key(first);
      orEqual = false;
    }
  }
}
