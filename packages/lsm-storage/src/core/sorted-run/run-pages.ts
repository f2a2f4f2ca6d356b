/**
 * The index and the filters of a run, cut into pages that are kept in the manifest and read one by one: a page holds
 * the index of a stretch of blocks and a filter over exactly their keys. So a lookup in a run of any size costs two
 * small pieces of it, and a run costs no memory but the first key of each page.
 */

import type { Place } from '../byte-reader.ts';
import { CorruptionError } from '../errors.ts';
import { hashKey } from '../key-hash.ts';
import type { RunPage } from '../ports/manifest.ts';
import type { BlockPointer } from '../versioned-entry.ts';
import { BlockIndex, BlockIndexWriter, separatorOf } from './block-index.ts';
import { BloomFilter } from './bloom-filter.ts';

/** Size at which a page is full, index and filter together: a few reads of SQLite's pages, and quickly checked. */
const PAGE_BYTES = 32 * 1024;

/** What an open page takes in memory beside index and filter: the objects. */
const OVERHEAD_BYTES = 512;

export class RunPagesWriter {
  readonly #emit: (page: RunPage) => void;
  readonly #index: BlockIndexWriter = new BlockIndexWriter();
  readonly #hashes: number[] = [];
  #firstKey: Uint8Array = new Uint8Array(0);

  /** `emit` is handed each page once it is full. */
  constructor(emit: (page: RunPage) => void) {
    this.#emit = emit;
  }

  /** A key of the block that is added next. */
  addKey(key: Uint8Array): void {
    this.#hashes.push(hashKey(key));
  }

  /** `previousKey`: the greatest key before the block, `undefined` for the first; `firstKey`: its smallest. */
  addBlock(previousKey: Uint8Array | undefined, firstKey: Uint8Array, pointer: BlockPointer): void {
    const separator = separatorOf(previousKey, firstKey);
    if (this.#index.blocks === 0) this.#firstKey = separator;
    this.#index.add(separator, pointer);
    if (this.#index.bytes + BloomFilter.bytesFor(this.#hashes.length) >= PAGE_BYTES) this.finish();
  }

  /** Ends the last page. */
  finish(): void {
    if (this.#index.blocks === 0) return;
    const filter = new BloomFilter(new Uint8Array(BloomFilter.bytesFor(this.#hashes.length)));
    for (const hash of this.#hashes) filter.add(hash);
    this.#hashes.length = 0;
    this.#emit({ firstKey: this.#firstKey, index: this.#index.finish(), filter: filter.bytes });
  }
}

/** A page ready for lookups. */
export class OpenPage {
  readonly index: BlockIndex;
  readonly filter: BloomFilter;

  /** Keeps views of the page's bytes. */
  constructor({ index, filter }: RunPage, place: Place) {
    if (!BloomFilter.isWellFormed(filter)) {
      throw new CorruptionError(place.file, place.offset, `a filter cannot have ${filter.length} bytes`);
    }
    this.index = new BlockIndex(index, place);
    this.filter = new BloomFilter(filter);
  }

  /** Memory that it takes. */
  get bytes(): number {
    return this.index.bytes + this.filter.bytes.length + OVERHEAD_BYTES;
  }
}
