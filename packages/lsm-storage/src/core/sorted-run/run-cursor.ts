/**
 * A place in the order of a run's entries. The cursor reads nothing by itself: when it stands before a block it does
 * not have, it names the block in `wants` and is supplied with its entries, at once by a scan, or after a wait by a
 * compaction.
 */

import { compareBytes } from '../bytes.ts';
import type { VersionedEntry } from './entries-block.ts';
import type { SortedRun } from './sorted-run.ts';

/** Where a cursor begins: at the first key beyond `key` in its direction, or at `key` itself if `inclusive`. */
export interface CursorStart {
  readonly key: Uint8Array | undefined;
  readonly inclusive: boolean;
  readonly reverse: boolean;
}

export class RunCursor {
  readonly run: SortedRun;
  readonly #start: CursorStart;
  #block: number;
  #entries: readonly VersionedEntry[] | undefined;
  #at = 0;

  constructor(run: SortedRun, start: CursorStart) {
    this.run = run;
    this.#start = start;
    if (start.key !== undefined) this.#block = Math.max(0, run.index.blockFor(start.key));
    else this.#block = start.reverse ? run.index.blocks - 1 : 0;
  }

  /** The block to supply next; `undefined` when `current` is known. */
  get wants(): number | undefined {
    const ended = this.#block < 0 || this.#block >= this.run.index.blocks;
    return this.#entries === undefined && !ended ? this.#block : undefined;
  }

  /** `undefined`: a block is wanted, or the run has ended. */
  get current(): VersionedEntry | undefined {
    return this.#entries?.[this.#at];
  }

  /** Hands in the entries of the block that was wanted. */
  supply(entries: readonly VersionedEntry[]): void {
    this.#entries = entries;
    this.#at = this.#start.reverse ? entries.length - 1 : 0;
    // Only the first block can hold entries that lie before the start.
    while (this.current !== undefined && this.#isBeforeStart(this.current.key)) this.#at += this.#step;
    this.#leaveBlockAtEnd();
  }

  advance(): void {
    this.#at += this.#step;
    this.#leaveBlockAtEnd();
  }

  get #step(): 1 | -1 {
    return this.#start.reverse ? -1 : 1;
  }

  #leaveBlockAtEnd(): void {
    if (this.current !== undefined) return;
    this.#entries = undefined;
    this.#block += this.#step;
  }

  #isBeforeStart(key: Uint8Array): boolean {
    const { key: start, inclusive, reverse } = this.#start;
    if (start === undefined) return false;
    const order = reverse ? compareBytes(start, key) : compareBytes(key, start);
    return order < 0 || (order === 0 && !inclusive);
  }
}
