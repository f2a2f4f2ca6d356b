/** The reading side of a sorted run: an immutable file of blocks, with its index and filter in memory. */

import { compareBytes, concatBytes } from '../bytes.ts';
import { CorruptionError } from '../errors.ts';
import { FILE_HEADER_BYTES, checkFileHeader } from '../file-header.ts';
import { MANIFEST_FILE, runFileName } from '../file-names.ts';
import type { KeyHash } from '../key-hash.ts';
import type { Codec } from '../ports/codec.ts';
import type { FileSystem, StorageFile } from '../ports/file-system.ts';
import type { RunDescription, RunPages } from '../ports/manifest.ts';
import type { ReadAhead } from '../read-ahead.ts';
import { BLOCK_HEADER_BYTES, checkBlock, openBlock } from './block.ts';
import type { BlockKind, BlockPointer, ValuePointer } from './block.ts';
import { BlockIndex } from './block-index.ts';
import { BloomFilter } from './bloom-filter.ts';
import { EntriesBlock } from './entries-block.ts';
import type { VersionedEntry } from './entries-block.ts';
import { RUN_FOOTER_BYTES, checkRunFooter } from './run-footer.ts';

export class SortedRun {
  readonly description: RunDescription;
  readonly index: BlockIndex;
  readonly #file: StorageFile;
  readonly #filter: BloomFilter;
  readonly #codec: Codec;

  private constructor(description: RunDescription, pages: RunPages, file: StorageFile, codec: Codec) {
    this.description = description;
    this.index = new BlockIndex(pages.index, { file: MANIFEST_FILE, offset: 0 });
    this.#filter = new BloomFilter(concatBytes(pages.filter));
    this.#file = file;
    this.#codec = codec;
  }

  /** Opens the file and makes sure that it is the one the manifest describes; blocks are checked as they are read. */
  static async open(
    fileSystem: FileSystem,
    description: RunDescription,
    pages: RunPages,
    codec: Codec,
  ): Promise<SortedRun> {
    const path = runFileName(description.number);
    if (!(await fileSystem.exists(path))) {
      throw new CorruptionError(path, 0, 'the manifest names this run, but the file is missing');
    }
    const file = await fileSystem.open(path, 'read');
    try {
      await checkFile(file, description);
      return new SortedRun(description, pages, file, codec);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get file(): StorageFile {
    return this.#file;
  }

  /** False only if the run holds no entry for the key, not even a tombstone. */
  mayContain(key: Uint8Array, hash: KeyHash): boolean {
    const { smallestKey, largestKey } = this.description;
    if (compareBytes(key, smallestKey) < 0 || compareBytes(key, largestKey) > 0) return false;
    return this.#filter.mayContain(hash);
  }

  find(key: Uint8Array): VersionedEntry | undefined {
    const block = this.index.blockFor(key);
    if (block < 0) return undefined;
    const pointer = this.index.pointer(block);
    return this.#entriesBlock(this.#file.readSync(pointer.position, blockBytes(pointer)), pointer).find(key);
  }

  readEntriesSync(block: number): VersionedEntry[] {
    const pointer = this.index.pointer(block);
    return this.#entriesBlock(this.#file.readSync(pointer.position, blockBytes(pointer)), pointer).all();
  }

  async readEntries(block: number): Promise<VersionedEntry[]> {
    const pointer = this.index.pointer(block);
    return this.#entriesBlock(await this.#file.read(pointer.position, blockBytes(pointer)), pointer).all();
  }

  /** A value in a block of its own; the bytes are the caller's. */
  readValueSync(pointer: ValuePointer): Uint8Array {
    const value = this.#open(this.#file.readSync(pointer.position, blockBytes(pointer)), 'value', pointer);
    if (value.length === pointer.rawLength) return value;
    throw new CorruptionError(this.#file.path, pointer.position, `a value of ${pointer.rawLength} bytes was expected`);
  }

  /** The whole block of such a value, checked and still compressed. */
  async readValueBlock(pointer: ValuePointer, reader: ReadAhead): Promise<Uint8Array> {
    const block = await reader.read(pointer.position, blockBytes(pointer));
    checkBlock(block, 'value', pointer, this.description.number, this.#file.path);
    return block;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #entriesBlock(block: Uint8Array, pointer: BlockPointer): EntriesBlock {
    const raw = this.#open(block, 'entries', pointer);
    return new EntriesBlock(raw, { file: this.#file.path, offset: pointer.position });
  }

  #open(block: Uint8Array, kind: BlockKind, pointer: BlockPointer): Uint8Array {
    checkBlock(block, kind, pointer, this.description.number, this.#file.path);
    return openBlock(block, this.#codec, { file: this.#file.path, offset: pointer.position });
  }
}

function blockBytes(pointer: BlockPointer): number {
  return BLOCK_HEADER_BYTES + pointer.storedLength;
}

async function checkFile(file: StorageFile, description: RunDescription): Promise<void> {
  checkFileHeader(await file.read(0, FILE_HEADER_BYTES), 'kv-run', description.number, file.path);
  const size = await file.size();
  if (size !== description.bytes) {
    const what = `the manifest recorded ${description.bytes} bytes, the file has ${size}`;
    throw new CorruptionError(file.path, Math.min(size, description.bytes), what);
  }
  const position = size - RUN_FOOTER_BYTES;
  const footer = await file.read(position, RUN_FOOTER_BYTES);
  checkRunFooter(footer, description.number, position, description.footerChecksum, file.path);
}
