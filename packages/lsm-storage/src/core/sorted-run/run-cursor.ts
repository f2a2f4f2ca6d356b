/**
 * A place in the order of a run's entries. The cursor takes blocks from the cache where they are, and leaves none
 * there. Where it needs the disk it does not read by itself: it is `wanting` until it is supplied, at once by a scan,
 * or after a wait.
 */

import { compareBytes } from '../bytes.ts';
import type { ReadAhead } from '../read-ahead.ts';
import type { BlockPointer, RunEntry } from '../versioned-entry.ts';
import type { BlockIndex } from './block-index.ts';
import type { EntriesBlock } from './entries-block.ts';
import { wholeBytes } from './run-blocks.ts';
import type { RunBlocks } from './run-blocks.ts';

/** Where a cursor begins: at the first key beyond `key` in its direction, or at `key` itself if `inclusive`. */
export interface CursorStart {
  readonly key: Uint8Array | undefined;
  readonly inclusive: boolean;
  readonly reverse: boolean;
}

export class RunCursor {
  readonly #run: RunBlocks;
  readonly #reverse: boolean;
  readonly #step: 1 | -1;
  /** Made when the disk is needed first. */
  #reader: ReadAhead | undefined;
  #page: number;
  /** The index of that page; `undefined`: the run has ended. */
  #index: BlockIndex | undefined;
  #blockNumber = 0;
  #block: EntriesBlock | undefined;
  /** The entry in the block, and the one behind its last. */
  #at = 0;
  #end = 0;
  /** Where to stand in the block that is wanted; `undefined`: at its beginning. */
  #start: CursorStart | undefined;
  #key: Uint8Array | undefined;
  #current: RunEntry | undefined;

  constructor(run: RunBlocks, start: CursorStart) {
    this.#run = run;
    this.#reverse = start.reverse;
    this.#step = start.reverse ? -1 : 1;
    this.#page = start.reverse ? run.pages - 1 : 0;
    if (run.pages === 0) return;
    if (start.key !== undefined) this.#goTo(start);
    else this.#enterPage();
  }

  /** Whether a block must be supplied before `current` can be told. */
  get wanting(): boolean {
    return this.#block === undefined && this.#index !== undefined;
  }

  /** Reads the block that is wanted, within the call. */
  supplySync(): void {
    while (this.wanting) {
      const pointer = this.#wanted();
      const reader = (this.#reader ??= this.#run.readAhead(this.#reverse));
      this.#enterBlock(this.#run.open(pointer, reader.readSync(pointer.position, wholeBytes(pointer))));
    }
  }

  /** Reads the block that is wanted. Nothing else may be asked of the cursor before it resolves. */
  async supply(): Promise<void> {
    while (this.wanting) {
      const pointer = this.#wanted();
      const reader = (this.#reader ??= this.#run.readAhead(this.#reverse));
      this.#enterBlock(this.#run.open(pointer, await reader.read(pointer.position, wholeBytes(pointer))));
    }
  }

  /** In memory of its own; `undefined`: a block is wanted, or the run has ended. */
  get key(): Uint8Array | undefined {
    if (this.#key === undefined) this.#key = this.#block?.keyAt(this.#at);
    return this.#key;
  }

  /** `undefined`: a block is wanted, or the run has ended. Meta and value are views. */
  get current(): RunEntry | undefined {
    if (this.#current === undefined && this.#block !== undefined) {
      this.#current = this.#block.entryAt(this.#at, this.key);
    }
    return this.#current;
  }

  /** Moves to the next entry; there must be a current one. */
  advance(): void {
    this.#key = undefined;
    this.#current = undefined;
    this.#at += this.#step;
    if (this.#at === this.#end) this.#leaveBlock();
  }

  /** Moves to the key, or to the first one beyond it in the cursor's direction. Does nothing if that lies behind. */
  seek(key: Uint8Array): void {
    const reached = this.key ?? this.#start?.key;
    if (this.#index === undefined || (reached !== undefined && this.#isBefore(key, reached))) return;
    this.#goTo({ key, inclusive: true, reverse: this.#reverse });
  }

  #isBefore(key: Uint8Array, reached: Uint8Array): boolean {
    return compareBytes(key, reached) * this.#step <= 0;
  }

  #goTo(start: CursorStart): void {
    const key = start.key as Uint8Array;
    const page = this.#run.pageFor(key);
    const samePage = this.#index !== undefined && page === this.#page;
    const index = samePage ? (this.#index as BlockIndex) : this.#run.page(page).index;
    const number = index.blockFor(key);
    const ahead = samePage ? number - this.#blockNumber : page - this.#page;
    if (this.#index !== undefined && ahead * this.#step < 0) return;
    const block = samePage && ahead === 0 ? this.#block : undefined;
    this.#page = page;
    this.#index = index;
    this.#blockNumber = number;
    this.#start = start;
    this.#enterBlock(block ?? this.#run.passingBlock(index.pointer(number)));
  }

  #enterPage(): void {
    this.#index = undefined;
    if (this.#page < 0 || this.#page >= this.#run.pages) return;
    const { index } = this.#run.passingPage(this.#page);
    this.#index = index;
    this.#blockNumber = this.#reverse ? index.blocks - 1 : 0;
    this.#enterBlock(this.#run.passingBlock(index.pointer(this.#blockNumber)));
  }

  #leaveBlock(): void {
    const index = this.#index as BlockIndex;
    this.#block = undefined;
    this.#start = undefined;
    this.#blockNumber += this.#step;
    if (this.#blockNumber >= 0 && this.#blockNumber < index.blocks) {
      this.#enterBlock(this.#run.passingBlock(index.pointer(this.#blockNumber)));
    } else {
      this.#page += this.#step;
      this.#enterPage();
    }
  }

  /** Stands in a block, or wants it if it is not there. */
  #enterBlock(block: EntriesBlock | undefined): void {
    this.#key = undefined;
    this.#current = undefined;
    this.#block = block;
    if (block === undefined) return;
    this.#end = this.#reverse ? -1 : block.count;
    this.#at = this.#start === undefined ? (this.#reverse ? block.count - 1 : 0) : startIn(block, this.#start);
    this.#start = undefined;
    if (this.#at === this.#end) this.#leaveBlock();
  }

  #wanted(): BlockPointer {
    return (this.#index as BlockIndex).pointer(this.#blockNumber);
  }
}

/** The first entry of a block at or beyond a start; in reverse possibly -1, and forwards possibly the block's count. */
function startIn(block: EntriesBlock, { key, inclusive, reverse }: CursorStart): number {
  const at = block.lowerBound(key as Uint8Array);
  const equal = at < block.count && block.compareKeyAt(at, key as Uint8Array) === 0;
  if (reverse) return equal && inclusive ? at : at - 1;
  return equal && !inclusive ? at + 1 : at;
}
