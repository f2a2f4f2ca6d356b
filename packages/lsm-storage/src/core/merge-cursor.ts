/**
 * Merges cursors into one order, in which each key comes once: with the entry of its newest source. Sources are few
 * (memtables, and runs by fan times tiers), so the smallest is found by looking at all of them.
 */

import { compareBytes } from './bytes.ts';
import type { MemtableCursor } from './memtable/memtable-cursor.ts';
import type { VersionedEntry } from './sorted-run/entries-block.ts';
import { RunCursor } from './sorted-run/run-cursor.ts';
import type { SortedRun } from './sorted-run/sorted-run.ts';

export interface MergedEntry {
  readonly entry: VersionedEntry;
  /** The run that a value pointer of the entry points into. */
  readonly run: SortedRun | undefined;
}

export class MergeCursor {
  readonly #cursors: readonly (MemtableCursor | RunCursor)[];
  readonly #direction: 1 | -1;

  /** Newest source first; all cursors go in the same direction. */
  constructor(newestFirst: readonly (MemtableCursor | RunCursor)[], reverse: boolean) {
    this.#cursors = newestFirst;
    this.#direction = reverse ? -1 : 1;
  }

  /** A cursor that must be supplied before the next entry can be told. */
  wanting(): RunCursor | undefined {
    for (const cursor of this.#cursors) {
      if (cursor instanceof RunCursor && cursor.wants !== undefined) return cursor;
    }
    return undefined;
  }

  /** Takes the next entry, tombstones included. No cursor may be wanting. */
  next(): MergedEntry | undefined {
    let first: MemtableCursor | RunCursor | undefined;
    for (const cursor of this.#cursors) if (this.#isBefore(cursor.current, first?.current)) first = cursor;
    const entry = first?.current;
    if (first === undefined || entry === undefined) return undefined;
    const run = first instanceof RunCursor ? first.run : undefined;
    for (const cursor of this.#cursors) {
      if (cursor.current !== undefined && compareBytes(cursor.current.key, entry.key) === 0) cursor.advance();
    }
    return { entry, run };
  }

  /** Strictly: among equal keys the first cursor asked, the newest, stays first. */
  #isBefore(candidate: VersionedEntry | undefined, first: VersionedEntry | undefined): boolean {
    if (candidate === undefined) return false;
    return first === undefined || compareBytes(candidate.key, first.key) * this.#direction < 0;
  }
}
