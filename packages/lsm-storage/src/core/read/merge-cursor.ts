/**
 * Merges the sources of a version into one order, in which each key comes once: with the entry of its newest source,
 * unless a range tombstone of a newer source covers it. Sources are few (memtables, and runs by fan times tiers), so
 * the first key is found by looking at all of them.
 */

import { compareBytes } from '../bytes.ts';
import { MemtableCursor } from '../memtable/memtable-cursor.ts';
import type { RunDescription } from '../ports/manifest.ts';
import type { CursorStart, RunCursor } from '../sorted-run/run-cursor.ts';
import type { StoreVersion } from '../store/store-version.ts';
import type { VersionedEntry } from '../versioned-entry.ts';

/** Tells whether a source deletes all that older ones know of a key. */
type Covers = ((key: Uint8Array) => boolean) | undefined;

export class MergeCursor {
  /** Newest source first; all go in the same direction. */
  readonly #cursors: readonly (MemtableCursor | RunCursor)[];
  readonly #runs: readonly RunCursor[];
  readonly #covers: readonly Covers[];
  readonly #hasRanges: boolean;
  readonly #direction: 1 | -1;

  /** What the version holds as of a sequence. No block is read of a run of which `isBeyond` says that all lies behind the end. */
  constructor(
    version: StoreVersion,
    start: CursorStart,
    upTo: number,
    isBeyond: (run: RunDescription) => boolean = () => false,
  ) {
    const runs = version.runs.filter(({ description }) => !isBeyond(description));
    const memtables = version.memtables.filter((memtable) => memtable.size > 0);
    this.#runs = runs.map((run) => run.cursor(start));
    this.#cursors = [...memtables.map((memtable) => new MemtableCursor(memtable, start, upTo)), ...this.#runs];
    this.#covers = [
      ...memtables.map(({ ranges }): Covers => {
        return ranges.isEmpty ? undefined : (key) => ranges.newestCovering(key, upTo) > 0;
      }),
      ...runs.map((run): Covers => (run.description.ranges === 0 ? undefined : (key) => run.deletedByRange(key))),
    ];
    this.#hasRanges = this.#covers.some((covers) => covers !== undefined);
    this.#direction = start.reverse ? -1 : 1;
  }

  /** Whether blocks must be supplied before the next entry can be told. */
  get wanting(): boolean {
    for (const cursor of this.#runs) if (cursor.wanting) return true;
    return false;
  }

  /** Reads the blocks that are wanted, within the call. */
  supplySync(): void {
    for (const cursor of this.#runs) cursor.supplySync();
  }

  /** Reads the blocks that are wanted, all at once. Nothing else may be asked of the cursor before it resolves. */
  async supply(): Promise<void> {
    const wanting = this.#runs.filter((cursor) => cursor.wanting);
    const outcomes = await Promise.allSettled(wanting.map((cursor) => cursor.supply()));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** Takes the next entry, tombstones included. It may not be wanting. `undefined`: the end. */
  next(): VersionedEntry | undefined {
    const first = this.#first();
    if (first === undefined) return undefined;
    const source = this.#cursors[first] as MemtableCursor | RunCursor;
    const entry = source.current as VersionedEntry;
    const hidden = this.#hasRanges && this.#isCovered(entry.key, first);
    source.advance();
    // Older sources may know the key too.
    for (let i = first + 1; i < this.#cursors.length; i++) {
      const cursor = this.#cursors[i] as MemtableCursor | RunCursor;
      const { key } = cursor;
      if (key !== undefined && compareBytes(key, entry.key) === 0) cursor.advance();
    }
    return hidden ? { ...entry, meta: NO_BYTES, deadline: 0, value: undefined } : entry;
  }

  /** The source whose entry comes first; among equal keys the newest. */
  #first(): number | undefined {
    let found: number | undefined;
    let key: Uint8Array | undefined;
    for (let i = 0; i < this.#cursors.length; i++) {
      const candidate = (this.#cursors[i] as MemtableCursor | RunCursor).key;
      if (candidate === undefined) continue;
      if (key !== undefined && compareBytes(candidate, key) * this.#direction >= 0) continue;
      found = i;
      key = candidate;
    }
    return found;
  }

  #isCovered(key: Uint8Array, source: number): boolean {
    for (let i = 0; i < source; i++) if (this.#covers[i]?.(key) === true) return true;
    return false;
  }
}

const NO_BYTES: Uint8Array = new Uint8Array(0);
