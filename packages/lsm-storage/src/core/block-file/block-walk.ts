/** Goes through the blocks of a file from the first to the last, without an index, and checks each of them. */

import { CorruptionError } from '../errors.ts';
import { FILE_HEADER_BYTES } from '../file-header.ts';
import type { Pace } from '../maintenance/pacer.ts';
import { pacedReads } from '../paced-reads.ts';
import type { StorageFile } from '../ports/file-system.ts';
import { ReadAhead } from '../read-ahead.ts';
import type { BlockPointer } from '../versioned-entry.ts';
import { BLOCK_HEADER_BYTES, checkBlock, kindOf, storedLengthOf } from './block.ts';
import type { BlockKind } from './block.ts';
import type { BlockFile } from './block-file.ts';

export interface WalkedBlock {
  readonly kind: BlockKind;
  readonly pointer: BlockPointer;
  /** The whole block, checked. */
  readonly block: Uint8Array;
}

/** Blocks that cannot be read: from where the first of them begins to where the last one ends. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

export interface WalkOptions {
  /** Where a block must begin; default: behind the file's header. */
  readonly start?: number;
  /** Where a block must end; default: before the footer. */
  readonly end?: number;
  /** What its reads keep to. */
  readonly pace?: Pace | undefined;
  /** What is jumped over and not read at all: ascending, within the bounds. */
  readonly gaps?: readonly Gap[];
}

export class BlockWalk {
  readonly #file: BlockFile;
  readonly #source: StorageFile;
  readonly #end: number;
  readonly #gaps: readonly Gap[];
  #gapsPassed = 0;
  /** Reads up to the next gap. */
  #reader: ReadAhead;
  #position: number;

  constructor(file: BlockFile, { start = FILE_HEADER_BYTES, end = file.end, pace, gaps = [] }: WalkOptions = {}) {
    this.#file = file;
    this.#source = pace === undefined ? file.file : pacedReads(file.file, pace);
    this.#position = start;
    this.#end = end;
    this.#gaps = gaps;
    this.#reader = this.#readerFrom(start);
  }

  /** Where the next block begins. */
  get position(): number {
    return this.#position;
  }

  /** `undefined`: there are no more. */
  async next(): Promise<WalkedBlock | undefined> {
    this.#jump();
    const position = this.#position;
    if (position === this.#end) return undefined;
    const header = await this.#reader.read(position, BLOCK_HEADER_BYTES);
    const storedLength = storedLengthOf(header);
    const end = position + BLOCK_HEADER_BYTES + storedLength;
    if (header.length < BLOCK_HEADER_BYTES || end > this.#limit) this.#damaged('a block does not end where blocks end');
    const block = await this.#reader.read(position, BLOCK_HEADER_BYTES + storedLength);
    const pointer = { position, storedLength };
    checkBlock(block, pointer, this.#file.number, this.#file.path);
    const kind = kindOf(block) ?? this.#damaged('a block is of an unknown kind');
    this.#position = end;
    return { kind, pointer, block };
  }

  /** Where blocks end for now. */
  get #limit(): number {
    return this.#gaps[this.#gapsPassed]?.from ?? this.#end;
  }

  #jump(): void {
    const passed = this.#gapsPassed;
    for (let gap = this.#gaps[passed]; gap?.from === this.#position; gap = this.#gaps[this.#gapsPassed]) {
      this.#position = gap.to;
      this.#gapsPassed++;
    }
    if (this.#gapsPassed > passed) this.#reader = this.#readerFrom(this.#position);
  }

  #readerFrom(start: number): ReadAhead {
    return new ReadAhead(this.#source, start, this.#limit);
  }

  #damaged(what: string): never {
    throw new CorruptionError(this.#file.path, this.#position, what);
  }
}
