/** The pages and blocks of one run, as lookups and cursors come by them: from the cache, the manifest, the file. */

import { BLOCK_HEADER_BYTES, openBlock } from '../block-file/block.ts';
import type { BlockFile } from '../block-file/block-file.ts';
import { equalBytes } from '../bytes.ts';
import type { BlockCache, CacheSpace } from '../cache/block-cache.ts';
import type { Slot } from '../cache/slot-queue.ts';
import { CacheMiss } from '../cache/cache-miss.ts';
import { FILE_HEADER_BYTES } from '../file-header.ts';
import { MANIFEST_FILE } from '../file-names.ts';
import type { Codec } from '../ports/codec.ts';
import type { Manifest, RunDescription } from '../ports/manifest.ts';
import { ReadAhead } from '../read-ahead.ts';
import type { ReadFrom } from '../read-from.ts';
import type { BlockPointer } from '../versioned-entry.ts';
import type { BlockIndex } from './block-index.ts';
import { EntriesBlock } from './entries-block.ts';
import { KeySearch } from './key-search.ts';
import { OpenPage } from './run-pages.ts';
import { runFooterOf } from './run-footer.ts';

/** What it takes to note a slot. */
const NOTE_BYTES = 8;

/** The most that a cursor reads at once. */
const MOST_READ_AHEAD_BYTES = 256 * 1024;

export class RunBlocks {
  readonly pages: number;
  readonly #file: BlockFile;
  readonly #manifest: Manifest;
  readonly #codec: Codec;
  readonly #largestKey: Uint8Array | undefined;
  /** The smallest key, the first keys of all pages but the first one, and the largest key if there is one. */
  readonly #bounds: KeySearch;
  readonly #openPages: CacheSpace<OpenPage>;
  /** The slot of each page in the cache, if it had one. */
  readonly #notedPages: (Slot | undefined)[];
  readonly #openBlocks: CacheSpace<EntriesBlock>;

  constructor(run: RunDescription, file: BlockFile, manifest: Manifest, codec: Codec, cache: BlockCache) {
    const keys = manifest.pageKeys(run.number);
    this.pages = keys.length;
    this.#largestKey = run.largestKey;
    this.#bounds = KeySearch.of(
      keys.length === 0 ? [] : [run.smallestKey, ...keys.slice(1), ...optional(run.largestKey)],
    );
    this.#file = file;
    this.#manifest = manifest;
    this.#codec = codec;
    this.#openPages = cache.space();
    this.#notedPages = new Array<undefined>(keys.length).fill(undefined);
    this.#openBlocks = cache.space();
  }

  /** Memory that it takes beside the cache. */
  get bytes(): number {
    return this.#bounds.bytes + NOTE_BYTES * this.#notedPages.length;
  }

  /** The one page that can hold the key; -1 if none can, since the key lies beyond the ends of the run. */
  pageHolding(key: Uint8Array): number {
    const page = this.#bounds.notGreater(key) - 1;
    if (page < this.pages) return page;
    return equalBytes(key, this.#largestKey as Uint8Array) ? this.pages - 1 : -1;
  }

  /** The page in which a key has its place, whether or not it can be there; there must be one. */
  pageFor(key: Uint8Array): number {
    return Math.min(Math.max(0, this.#bounds.notGreater(key) - 1), this.pages - 1);
  }

  /** Bytes of blocks before the one that can hold the key; leaves no trace in the cache. */
  bytesBefore(key: Uint8Array): number {
    if (this.pages === 0) return 0;
    const { index } = this.passingPage(this.pageFor(key));
    return index.position(index.blockFor(key)) - FILE_HEADER_BYTES;
  }

  /** Bytes of all blocks of entries. */
  get entriesBytes(): number {
    return runFooterOf(this.#file).entriesEnd - FILE_HEADER_BYTES;
  }

  /** Not greater than any key of the page, and greater than every one before it; of the first page, the run's smallest key. */
  firstKeyOf(page: number): Uint8Array {
    return this.#bounds.keyAt(page);
  }

  page(number: number): OpenPage {
    const cached = this.#openPages.getNoted(number, this.#notedPages, number);
    if (cached !== undefined) return cached;
    const page = this.#readPage(number);
    this.#notedPages[number] = this.#openPages.put(number, page, page.bytes);
    return page;
  }

  /** As `page`, without leaving a trace in the cache. */
  passingPage(number: number): OpenPage {
    return this.#openPages.peek(number) ?? this.#readPage(number);
  }

  /** A block for a lookup. With `'memory'` one that is not cached is a {@link CacheMiss}. */
  block(index: BlockIndex, number: number, from: ReadFrom): EntriesBlock {
    const cached = this.#openBlocks.getNoted(index.position(number), index.noted, number);
    if (cached !== undefined) return cached;
    const pointer = index.pointer(number);
    if (from === 'memory') throw new CacheMiss(() => this.#load(pointer));
    return this.#admit(pointer, this.#file.readSync('entries', pointer));
  }

  /** A block as it is on the disk, past the cache. */
  async fromDisk(pointer: BlockPointer): Promise<EntriesBlock> {
    return this.open(pointer, await this.#file.read('entries', pointer));
  }

  /** A block for a cursor, which passes by without leaving a trace in the cache. */
  passingBlock(pointer: BlockPointer): EntriesBlock | undefined {
    return this.#openBlocks.peek(pointer.position);
  }

  /** Reads blocks that follow one another in one direction; what it reads is for `open`. */
  readAhead(reverse: boolean): ReadAhead {
    const { file } = this.#file;
    const { entriesEnd } = runFooterOf(this.#file);
    const options = { reverse, firstBytes: 0, mostBytes: MOST_READ_AHEAD_BYTES };
    return new ReadAhead(file, FILE_HEADER_BYTES, entriesEnd, options);
  }

  /** Checks the bytes of a whole block, and opens it. */
  open(pointer: BlockPointer, block: Uint8Array): EntriesBlock {
    const place = { file: this.#file.path, offset: pointer.position };
    return new EntriesBlock(openBlock(this.#file.check('entries', pointer, block), this.#codec, place), place);
  }

  /** Lets go of what the cache holds of this run. */
  clear(): void {
    this.#openPages.clear();
    this.#openBlocks.clear();
  }

  #readPage(number: number): OpenPage {
    return new OpenPage(this.#manifest.page(this.#file.number, number), { file: MANIFEST_FILE, offset: 0 });
  }

  async #load(pointer: BlockPointer): Promise<void> {
    if (this.#openBlocks.peek(pointer.position) !== undefined) return;
    this.#admit(pointer, await this.#file.read('entries', pointer));
  }

  #admit(pointer: BlockPointer, bytes: Uint8Array): EntriesBlock {
    const block = this.open(pointer, bytes);
    this.#openBlocks.put(pointer.position, block, block.bytes);
    return block;
  }
}

function optional<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

/** Bytes of a whole block. */
export function wholeBytes(pointer: BlockPointer): number {
  return BLOCK_HEADER_BYTES + pointer.storedLength;
}
