/** The newest durable entries, in memory: a hash map for lookups, and an order for scans and flushes. */

import { footprint } from '../stored-entry.ts';
import type { StoredEntry } from '../stored-entry.ts';
import { OrderedNames } from './ordered-names.ts';

export class Memtable {
  readonly #entries: Map<string, StoredEntry> = new Map();
  readonly #names: OrderedNames = new OrderedNames();
  #bytes = 0;
  #tombstones = 0;
  #firstSequence = 0;
  #lastSequence = 0;

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Entries, tombstones included. */
  get size(): number {
    return this.#entries.size;
  }

  get tombstones(): number {
    return this.#tombstones;
  }

  /** The lowest sequence ever put; 0 when nothing was. */
  get firstSequence(): number {
    return this.#firstSequence;
  }

  /** The highest sequence ever put; 0 when nothing was. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** Takes the place of the entry of that name. Sequences only rise. */
  put(entry: StoredEntry): void {
    const replaced = this.#entries.get(entry.name);
    if (replaced === undefined) this.#names.add(entry.name);
    else this.#count(replaced, -1);
    this.#entries.set(entry.name, entry);
    this.#count(entry, 1);
    if (this.#firstSequence === 0) this.#firstSequence = entry.sequence;
    this.#lastSequence = entry.sequence;
  }

  get(name: string): StoredEntry | undefined {
    return this.#entries.get(name);
  }

  /** The entry with the smallest name above `name`; see {@link OrderedNames.above}. */
  above(name: string | undefined, inclusive: boolean): StoredEntry | undefined {
    return this.#named(this.#names.above(name, inclusive));
  }

  /** The entry with the greatest name below `name`; see {@link OrderedNames.below}. */
  below(name: string | undefined, inclusive: boolean): StoredEntry | undefined {
    return this.#named(this.#names.below(name, inclusive));
  }

  /** All entries in byte order of their keys, tombstones included. */
  *inOrder(): IterableIterator<StoredEntry> {
    for (const name of this.#names.all()) yield this.#entries.get(name) as StoredEntry;
  }

  #named(name: string | undefined): StoredEntry | undefined {
    return name === undefined ? undefined : this.#entries.get(name);
  }

  #count(entry: StoredEntry, times: 1 | -1): void {
    this.#bytes += times * footprint(entry);
    if (entry.value === undefined) this.#tombstones += times;
  }
}
