/**
 * The index of a run: for each block of entries, where it lies and the shortest byte string that separates its keys
 * from those before it. On disk in pages of the manifest, in memory as flat arrays that hold no object per block.
 *
 * Pages are drawn in docs/formats/manifest.md.
 */

import { ByteReader } from '../byte-reader.ts';
import type { Place } from '../byte-reader.ts';
import { ByteWriter } from '../byte-writer.ts';
import { compareRange, concatBytes, sharedPrefixLength } from '../bytes.ts';
import type { BlockPointer } from './block.ts';

const PAGE_BYTES = 64 * 1024;

export class BlockIndexWriter {
  readonly #pages: Uint8Array[] = [];
  readonly #page: ByteWriter = new ByteWriter();

  /** `previousKey`: the greatest key before the block; `firstKey`: its smallest. */
  add(previousKey: Uint8Array | undefined, firstKey: Uint8Array, pointer: BlockPointer): void {
    const length = previousKey === undefined ? 0 : sharedPrefixLength(previousKey, firstKey) + 1;
    this.#page.varint(length);
    this.#page.bytes(firstKey.subarray(0, length));
    this.#page.varint(pointer.position);
    this.#page.varint(pointer.storedLength);
    if (this.#page.length >= PAGE_BYTES) this.#pages.push(this.#page.take());
  }

  finish(): Uint8Array[] {
    if (this.#page.length > 0) this.#pages.push(this.#page.take());
    return this.#pages;
  }
}

export class BlockIndex {
  readonly #separators: Uint8Array;
  /** Block i's separator ends at `ends[i]`, and begins where that of block i - 1 ends. */
  readonly #ends: Uint32Array;
  readonly #positions: Float64Array;
  readonly #storedLengths: Uint32Array;

  /** Pages in order, verified by the manifest that kept them. */
  constructor(pages: readonly Uint8Array[], place: Place) {
    const separators: Uint8Array[] = [];
    const ends: number[] = [];
    const positions: number[] = [];
    const storedLengths: number[] = [];
    let end = 0;
    for (const page of pages) {
      for (const reader = new ByteReader(page, place); !reader.atEnd; ) {
        const separator = reader.bytes(reader.varint());
        separators.push(separator);
        ends.push((end += separator.length));
        positions.push(reader.varint());
        storedLengths.push(reader.varint());
      }
    }
    this.#separators = concatBytes(separators);
    this.#ends = Uint32Array.from(ends);
    this.#positions = Float64Array.from(positions);
    this.#storedLengths = Uint32Array.from(storedLengths);
  }

  get blocks(): number {
    return this.#positions.length;
  }

  /** The one block that can hold the key; -1 if the index is empty. */
  blockFor(key: Uint8Array): number {
    let low = 0;
    let high = this.blocks;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const start = middle === 0 ? 0 : (this.#ends[middle - 1] as number);
      if (compareRange(this.#separators, start, this.#ends[middle] as number, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  pointer(block: number): BlockPointer {
    return { position: this.#positions[block] as number, storedLength: this.#storedLengths[block] as number };
  }
}
