/**
 * The index of one page of a run: where each of its blocks lies, and between any two the shortest byte string that
 * separates their keys. Blocks follow one another in the file, so their lengths tell their positions.
 *
 * Drawn in docs/formats/manifest.md.
 */

import { ByteReader } from '../byte-reader.ts';
import type { Place } from '../byte-reader.ts';
import { ByteWriter } from '../byte-writer.ts';
import { BLOCK_HEADER_BYTES } from '../block-file/block.ts';
import type { Slot } from '../cache/slot-queue.ts';
import { concatBytes, copyBytes, sharedPrefixLength } from '../bytes.ts';
import { CorruptionError } from '../errors.ts';
import type { BlockPointer } from '../versioned-entry.ts';
import { KeySearch } from './key-search.ts';

const HEAD_BYTES = 12;
const U32_BYTES = 4;
const NOTE_BYTES = 8;

/** The shortest beginning of `firstKey` that is greater than `previousKey`, the key before it; empty if there is none. */
export function separatorOf(previousKey: Uint8Array | undefined, firstKey: Uint8Array): Uint8Array {
  const length = previousKey === undefined ? 0 : sharedPrefixLength(previousKey, firstKey) + 1;
  return copyBytes(firstKey.subarray(0, length));
}

export class BlockIndexWriter {
  readonly #storedLengths: number[] = [];
  readonly #separators: Uint8Array[] = [];
  #separatorBytes = 0;
  #position = 0;

  get blocks(): number {
    return this.#storedLengths.length;
  }

  /** Bytes that the index would have now. */
  get bytes(): number {
    return HEAD_BYTES + U32_BYTES * (this.blocks + this.#separators.length) + this.#separatorBytes;
  }

  /** Each block lies right behind the one before. The separator of the first one is not kept. */
  add(separator: Uint8Array, pointer: BlockPointer): void {
    if (this.blocks === 0) this.#position = pointer.position;
    else {
      this.#separators.push(separator);
      this.#separatorBytes += separator.length;
    }
    this.#storedLengths.push(pointer.storedLength);
  }

  /** The bytes of the index; the writer starts again from nothing. */
  finish(): Uint8Array {
    const writer = new ByteWriter(this.bytes);
    writer.u32(this.blocks);
    writer.u64(this.#position);
    for (const storedLength of this.#storedLengths) writer.u32(storedLength);
    let end = 0;
    for (const separator of this.#separators) writer.u32((end += separator.length));
    writer.bytes(concatBytes(this.#separators));
    this.#storedLengths.length = this.#separators.length = this.#separatorBytes = 0;
    return writer.take();
  }
}

export class BlockIndex {
  readonly #separators: KeySearch;
  /** Where each block begins, and behind the last one where it ends. */
  readonly #positions: Float64Array;
  /** For the readers of the blocks: the slot of each in the cache, if it had one. */
  readonly noted: (Slot | undefined)[];

  constructor(page: Uint8Array, place: Place) {
    const reader = new ByteReader(page, place);
    const blocks = reader.u32();
    if (blocks === 0 || blocks > page.length / U32_BYTES)
      throw malformed(place, `an index cannot have ${blocks} blocks`);
    this.#positions = new Float64Array(blocks + 1);
    let position = reader.u64();
    for (let i = 0; i < blocks; i++) {
      this.#positions[i] = position;
      position += BLOCK_HEADER_BYTES + reader.u32();
    }
    this.#positions[blocks] = position;
    this.noted = new Array<undefined>(blocks).fill(undefined);
    const bounds = new Uint32Array(blocks);
    for (let i = 1; i < blocks; i++) {
      bounds[i] = reader.u32();
      if ((bounds[i] as number) < (bounds[i - 1] as number)) throw malformed(place, 'separators overlap');
    }
    this.#separators = new KeySearch(reader.bytes(bounds[blocks - 1] as number), bounds);
    if (!reader.atEnd) throw malformed(place, 'an index has bytes behind its end');
  }

  get blocks(): number {
    return this.#positions.length - 1;
  }

  /** Memory that it takes. */
  get bytes(): number {
    return this.#separators.bytes + this.#positions.byteLength + NOTE_BYTES * this.noted.length;
  }

  /** The one block of the page that can hold the key. */
  blockFor(key: Uint8Array): number {
    return this.#separators.notGreater(key);
  }

  /** A copy of what is not greater than any key of the block, and greater than every one before it; not kept of the first. */
  separator(block: number): Uint8Array {
    return this.#separators.keyAt(block - 1);
  }

  position(block: number): number {
    return this.#positions[block] as number;
  }

  pointer(block: number): BlockPointer {
    const position = this.#positions[block] as number;
    return { position, storedLength: (this.#positions[block + 1] as number) - position - BLOCK_HEADER_BYTES };
  }
}

function malformed(place: Place, what: string): CorruptionError {
  return new CorruptionError(place.file, place.offset, what);
}
