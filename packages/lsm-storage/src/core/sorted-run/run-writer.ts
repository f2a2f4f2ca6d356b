/**
 * Writes a sorted run: file header, then blocks, then the footer. Values of a quarter of a block or more go into blocks
 * of their own, which lie before the block of the entries that point to them; merging runs copies those as they are.
 */

import { hashKey } from '../key-hash.ts';
import { copyBytes } from '../bytes.ts';
import { encodeFileHeader } from '../file-header.ts';
import { runFileName } from '../file-names.ts';
import type { Codec } from '../ports/codec.ts';
import type { FileSystem, StorageFile } from '../ports/file-system.ts';
import type { AddedRun, RunPages } from '../ports/manifest.ts';
import { BLOCK_HEADER_BYTES, encodeBlock, moveBlock, rawLengthOf } from './block.ts';
import type { BlockKind, BlockPointer, ValuePointer } from './block.ts';
import { BlockIndexWriter } from './block-index.ts';
import { BloomFilter } from './bloom-filter.ts';
import { EntriesBlockWriter } from './entries-block.ts';
import { encodeRunFooter, footerChecksum } from './run-footer.ts';

/** What a run is to be; serialisable, so that it can be written anywhere. */
export interface RunPlan {
  readonly number: number;
  readonly blockBytes: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/** Bytes gathered for one write: enough to be worth a call, and not so many that encoding them holds up other work. */
const WRITE_BYTES = 256 * 1024;
const FILTER_PAGE_BYTES = 1024 * 1024;

/**
 * Creates the file of a run, has it filled, and makes it durable, its name included: afterwards the manifest may name
 * it. `undefined`, and no file, if nothing was added.
 */
export async function writeRun(
  fileSystem: FileSystem,
  codec: Codec,
  plan: RunPlan,
  fill: (writer: SortedRunWriter) => Promise<void>,
): Promise<AddedRun | undefined> {
  const path = runFileName(plan.number);
  const file = await fileSystem.open(path, 'create');
  let added: AddedRun | undefined;
  try {
    const writer = new SortedRunWriter(file, codec, plan);
    await fill(writer);
    if (writer.entries > 0) added = await writer.finish();
  } catch (error) {
    await file.close().catch(ignored);
    // A file that cannot be removed now is removed at the next opening, since no manifest names it.
    await fileSystem.remove(path).catch(ignored);
    throw error;
  }
  await file.close();
  if (added === undefined) await fileSystem.remove(path);
  else await fileSystem.syncDirectory('');
  return added;
}

function ignored(): void {
  // The failure before it is the one to report.
}

export class SortedRunWriter {
  readonly #file: StorageFile;
  readonly #codec: Codec;
  readonly #plan: RunPlan;
  readonly #separateBytes: number;
  readonly #block: EntriesBlockWriter = new EntriesBlockWriter();
  readonly #index: BlockIndexWriter = new BlockIndexWriter();
  /** Both hashes of each key, one behind the other. */
  readonly #hashes: number[] = [];
  /** Encoded and not yet written; the last of them ends at `#position`. */
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #position = 0;
  #blocks = 0;
  #entries = 0;
  #tombstones = 0;
  #smallestKey: Uint8Array | undefined;
  #blockFirstKey: Uint8Array | undefined;
  /** The greatest key of the finished blocks, and of all. */
  #indexedKey: Uint8Array | undefined;
  #lastKey: Uint8Array | undefined;

  constructor(file: StorageFile, codec: Codec, plan: RunPlan) {
    this.#file = file;
    this.#codec = codec;
    this.#plan = plan;
    this.#separateBytes = Math.max(1, Math.floor(plan.blockBytes / 4));
    this.#append(encodeFileHeader('kv-run', plan.number));
  }

  get entries(): number {
    return this.#entries;
  }

  /** Keys ascend strictly; `undefined` is a tombstone. The key must not change before the run is finished. */
  add(key: Uint8Array, meta: Uint8Array, value: Uint8Array | undefined): void {
    const separate = value !== undefined && value.length >= this.#separateBytes;
    this.#addEntry(key, meta, separate ? this.#appendValue(value) : value);
  }

  /** Adds an entry whose value is a checked block of another run, which is copied as it is. */
  addMoved(key: Uint8Array, meta: Uint8Array, block: Uint8Array): void {
    const pointer = this.#appendBlock(moveBlock(block, this.#plan.number, this.#position));
    this.#addEntry(key, meta, { ...pointer, rawLength: rawLengthOf(block) });
  }

  /** To be awaited after each addition: writes out what has gathered, once it is worth a write. */
  async drain(): Promise<void> {
    if (this.#buffered >= WRITE_BYTES) await this.#writeOut();
  }

  /** Writes what is left and the footer, and syncs the file. */
  async finish(): Promise<AddedRun> {
    if (this.#block.entries > 0) this.#finishBlock();
    const position = this.#position;
    const footer = encodeRunFooter({
      run: this.#plan.number,
      position,
      entries: this.#entries,
      tombstones: this.#tombstones,
      firstSequence: this.#plan.firstSequence,
      lastSequence: this.#plan.lastSequence,
      blocks: this.#blocks,
    });
    this.#append(footer);
    await this.#writeOut();
    await this.#file.sync();
    return { run: this.#describe(footerChecksum(footer)), pages: this.#pages() };
  }

  #describe(checksum: number): AddedRun['run'] {
    return {
      number: this.#plan.number,
      bytes: this.#position,
      footerChecksum: checksum,
      entries: this.#entries,
      tombstones: this.#tombstones,
      firstSequence: this.#plan.firstSequence,
      lastSequence: this.#plan.lastSequence,
      smallestKey: copyBytes(this.#smallestKey as Uint8Array),
      largestKey: copyBytes(this.#lastKey as Uint8Array),
    };
  }

  #pages(): RunPages {
    const hashes = this.#hashes;
    const filter = new BloomFilter(new Uint8Array(BloomFilter.bytesFor(this.#entries)));
    for (let i = 0; i < hashes.length; i += 2) {
      filter.add({ first: hashes[i] as number, second: hashes[i + 1] as number });
    }
    const filterPages: Uint8Array[] = [];
    for (let start = 0; start < filter.bytes.length; start += FILTER_PAGE_BYTES) {
      filterPages.push(filter.bytes.subarray(start, start + FILTER_PAGE_BYTES));
    }
    return { index: this.#index.finish(), filter: filterPages };
  }

  #addEntry(key: Uint8Array, meta: Uint8Array, value: Uint8Array | ValuePointer | undefined): void {
    this.#smallestKey ??= key;
    this.#blockFirstKey ??= key;
    this.#lastKey = key;
    this.#entries++;
    if (value === undefined) this.#tombstones++;
    const hash = hashKey(key);
    this.#hashes.push(hash.first, hash.second);
    this.#block.add({ key, meta, value });
    if (this.#block.bytes >= this.#plan.blockBytes) this.#finishBlock();
  }

  #appendValue(value: Uint8Array): ValuePointer {
    return { ...this.#appendRaw('value', value), rawLength: value.length };
  }

  #finishBlock(): void {
    const pointer = this.#appendRaw('entries', this.#block.take());
    this.#index.add(this.#indexedKey, this.#blockFirstKey as Uint8Array, pointer);
    this.#indexedKey = this.#lastKey;
    this.#blockFirstKey = undefined;
  }

  #appendRaw(kind: BlockKind, raw: Uint8Array): BlockPointer {
    return this.#appendBlock(encodeBlock(kind, raw, this.#plan.number, this.#position, this.#codec));
  }

  #appendBlock(block: Uint8Array): BlockPointer {
    const pointer = { position: this.#position, storedLength: block.length - BLOCK_HEADER_BYTES };
    this.#append(block);
    this.#blocks++;
    return pointer;
  }

  #append(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#buffered += bytes.length;
    this.#position += bytes.length;
  }

  async #writeOut(): Promise<void> {
    const chunks = this.#chunks;
    const start = this.#position - this.#buffered;
    this.#chunks = [];
    this.#buffered = 0;
    await this.#file.write(start, chunks);
  }
}
