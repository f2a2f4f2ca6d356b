/** Goes through the blocks of a file from the first to the last, without an index, and checks each of them. */

import { CorruptionError } from '../errors.ts';
import { FILE_HEADER_BYTES } from '../file-header.ts';
import type { Pace } from '../maintenance/pacer.ts';
import { pacedReads } from '../paced-reads.ts';
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

export class BlockWalk {
  readonly #file: BlockFile;
  readonly #end: number;
  readonly #reader: ReadAhead;
  #position: number;

  /**
   * Walks the blocks from `start`, where one must begin, to `end`, where one must end; default: all of them. With `pace`
   * its reads keep to that.
   */
  constructor(file: BlockFile, start: number = FILE_HEADER_BYTES, end: number = file.end, pace?: Pace) {
    this.#file = file;
    this.#position = start;
    this.#end = end;
    this.#reader = new ReadAhead(pace === undefined ? file.file : pacedReads(file.file, pace), start, end);
  }

  /** `undefined`: there are no more. */
  async next(): Promise<WalkedBlock | undefined> {
    const position = this.#position;
    if (position === this.#end) return undefined;
    const header = await this.#reader.read(position, BLOCK_HEADER_BYTES);
    const storedLength = storedLengthOf(header);
    const end = position + BLOCK_HEADER_BYTES + storedLength;
    if (header.length < BLOCK_HEADER_BYTES || end > this.#end) this.#damaged('a block does not end where blocks end');
    const block = await this.#reader.read(position, BLOCK_HEADER_BYTES + storedLength);
    const pointer = { position, storedLength };
    checkBlock(block, pointer, this.#file.number, this.#file.path);
    const kind = kindOf(block) ?? this.#damaged('a block is of an unknown kind');
    this.#position = end;
    return { kind, pointer, block };
  }

  #damaged(what: string): never {
    throw new CorruptionError(this.#file.path, this.#position, what);
  }
}
