/**
 * What makes up the store at one time: memtables, runs and value files. A version never changes; a flush or a compaction
 * makes the next one. Readers hold on to the version that they began with, and what is in no version that anybody holds
 * goes.
 */

import type { Memtable } from '../memtable/memtable.ts';
import type { Codec } from '../ports/codec.ts';
import type { SortedRun } from '../sorted-run/sorted-run.ts';
import type { ValueFile } from '../value-file/value-file.ts';

export type StorePart = Memtable | SortedRun | ValueFile;

export interface StoreParts {
  /** Newest first: the one that takes writes, then those that are being flushed. */
  readonly memtables: readonly Memtable[];
  /** Newest first. */
  readonly runs: readonly SortedRun[];
  readonly valueFiles: ReadonlyMap<number, ValueFile>;
  /** What values that are packed in memtables were packed with. */
  readonly codec: Codec;
}

/** Counts in how many versions each part is, and says when one is in none any more. */
export class Lifetimes {
  readonly #holders: Map<StorePart, number> = new Map();
  readonly #unheld: (part: StorePart) => void;

  constructor(unheld: (part: StorePart) => void) {
    this.#unheld = unheld;
  }

  /** All parts that are in any version. */
  parts(): StorePart[] {
    return [...this.#holders.keys()];
  }

  hold(part: StorePart): void {
    this.#holders.set(part, (this.#holders.get(part) ?? 0) + 1);
  }

  drop(part: StorePart): void {
    const left = (this.#holders.get(part) ?? 0) - 1;
    if (left > 0) {
      this.#holders.set(part, left);
      return;
    }
    this.#holders.delete(part);
    this.#unheld(part);
  }
}

export class StoreVersion implements StoreParts {
  readonly memtables: readonly Memtable[];
  readonly runs: readonly SortedRun[];
  readonly valueFiles: ReadonlyMap<number, ValueFile>;
  readonly codec: Codec;
  readonly #lifetimes: Lifetimes;
  #holders = 1;

  /** Held by its maker until the first {@link StoreVersion.release}. */
  constructor(parts: StoreParts, lifetimes: Lifetimes) {
    this.memtables = parts.memtables;
    this.runs = parts.runs;
    this.valueFiles = parts.valueFiles;
    this.codec = parts.codec;
    this.#lifetimes = lifetimes;
    for (const part of this.#parts()) lifetimes.hold(part);
  }

  get active(): Memtable {
    return this.memtables[0] as Memtable;
  }

  retain(): void {
    this.#holders++;
  }

  release(): void {
    if (--this.#holders > 0) return;
    for (const part of this.#parts()) this.#lifetimes.drop(part);
  }

  *#parts(): IterableIterator<StorePart> {
    yield* this.memtables;
    yield* this.runs;
    yield* this.valueFiles.values();
  }
}
