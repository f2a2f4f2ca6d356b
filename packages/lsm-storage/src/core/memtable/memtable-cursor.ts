/** A place in the order of a memtable's entries. It stays valid while the memtable grows. */

import { nameOf } from '../bytes.ts';
import type { CursorStart } from '../sorted-run/run-cursor.ts';
import type { StoredEntry } from '../stored-entry.ts';
import type { Memtable } from './memtable.ts';

export class MemtableCursor {
  readonly #memtable: Memtable;
  readonly #reverse: boolean;
  #current: StoredEntry | undefined;

  constructor(memtable: Memtable, start: CursorStart) {
    this.#memtable = memtable;
    this.#reverse = start.reverse;
    this.#current = this.#beyond(start.key === undefined ? undefined : nameOf(start.key), start.inclusive);
  }

  get current(): StoredEntry | undefined {
    return this.#current;
  }

  advance(): void {
    if (this.#current !== undefined) this.#current = this.#beyond(this.#current.name, false);
  }

  #beyond(name: string | undefined, inclusive: boolean): StoredEntry | undefined {
    return this.#reverse ? this.#memtable.below(name, inclusive) : this.#memtable.above(name, inclusive);
  }
}
