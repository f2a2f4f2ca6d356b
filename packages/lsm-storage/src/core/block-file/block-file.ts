/** The reading side of a block file: file header, blocks one behind the other, footer. Sorted runs and value files. */

import { CorruptionError } from '../errors.ts';
import { FILE_HEADER_BYTES, checkFileHeader } from '../file-header.ts';
import type { FileKind } from '../file-header.ts';
import type { FileSystem, StorageFile } from '../ports/file-system.ts';
import type { BlockPointer } from '../versioned-entry.ts';
import { BLOCK_HEADER_BYTES, checkBlock, kindOf } from './block.ts';
import type { BlockKind } from './block.ts';
import { footerBytes, footerChecksum, readFooter } from './file-footer.ts';

/** Which file is meant, and what it must look like. */
export interface BlockFileName {
  readonly path: string;
  readonly kind: FileKind;
  readonly number: number;
  /** How many numbers its footer carries. */
  readonly footerNumbers: number;
}

/** What the manifest remembers of a file. */
export interface RecordedFile {
  readonly bytes: number;
  readonly footerChecksum: number;
}

/** All that header and footer of a file have to say. */
export interface KnownFile extends RecordedFile {
  /** The numbers in its footer. */
  readonly footer: readonly number[];
}

export class BlockFile {
  readonly path: string;
  readonly number: number;
  readonly bytes: number;
  /** Where the blocks end and the footer begins. */
  readonly end: number;
  readonly footer: readonly number[];
  readonly footerChecksum: number;
  readonly #file: StorageFile;

  private constructor(file: StorageFile, number: number, { bytes, footerChecksum, footer }: KnownFile) {
    this.#file = file;
    this.path = file.path;
    this.number = number;
    this.bytes = bytes;
    this.end = bytes - footerBytes(footer.length);
    this.footer = footer;
    this.footerChecksum = footerChecksum;
  }

  /**
   * Opens the file and makes sure that it is whole and the one that the manifest recorded; blocks are checked as they
   * are read. Without `recorded`, any whole file of that kind and number will do.
   */
  static async open(fileSystem: FileSystem, name: BlockFileName, recorded?: RecordedFile): Promise<BlockFile> {
    const file = await openNamed(fileSystem, name);
    try {
      return await BlockFile.#checked(file, name, recorded);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Opens a file whose header and footer may be damaged; blocks are checked as they are read. */
  static async openDamaged(fileSystem: FileSystem, name: BlockFileName, known: KnownFile): Promise<BlockFile> {
    return new BlockFile(await openNamed(fileSystem, name), name.number, known);
  }

  static async #checked(
    file: StorageFile,
    { path, kind, number, footerNumbers }: BlockFileName,
    recorded: RecordedFile | undefined,
  ): Promise<BlockFile> {
    checkFileHeader(await file.read(0, FILE_HEADER_BYTES), kind, number, path);
    const size = await file.size();
    if (recorded !== undefined && size !== recorded.bytes) {
      const what = `the manifest recorded ${recorded.bytes} bytes, the file has ${size}`;
      throw new CorruptionError(path, Math.min(size, recorded.bytes), what);
    }
    const length = footerBytes(footerNumbers);
    if (size < FILE_HEADER_BYTES + length) throw new CorruptionError(path, size, 'the file ends before its footer');
    const bytes = await file.read(size - length, length);
    const footer = readFooter(bytes, number, size - length, path);
    const found = new BlockFile(file, number, { bytes: size, footerChecksum: footerChecksum(bytes), footer });
    if (recorded !== undefined && found.footerChecksum !== recorded.footerChecksum) {
      throw new CorruptionError(path, found.end, 'this is not the file that the manifest recorded');
    }
    return found;
  }

  /** Makes sure once more that header, footer and size are what they were. */
  async checkEnds(name: BlockFileName): Promise<void> {
    await BlockFile.#checked(this.#file, name, this);
  }

  get file(): StorageFile {
    return this.#file;
  }

  /** A whole block, checked; it may lie in `memory`, which has room for it. */
  async read(kind: BlockKind, pointer: BlockPointer, memory?: Uint8Array): Promise<Uint8Array> {
    const bytes = this.#bytesOf(pointer);
    return this.check(kind, pointer, await this.#file.read(pointer.position, bytes, memory));
  }

  /** As `read`, without leaving the call. */
  readSync(kind: BlockKind, pointer: BlockPointer, memory?: Uint8Array): Uint8Array {
    return this.check(kind, pointer, this.#file.readSync(pointer.position, this.#bytesOf(pointer), memory));
  }

  /** Returns the block if it is the one that the pointer means, and throws a `CorruptionError` otherwise. */
  check(kind: BlockKind, pointer: BlockPointer, block: Uint8Array): Uint8Array {
    checkBlock(block, pointer, this.number, this.path);
    if (kindOf(block) === kind) return block;
    throw new CorruptionError(this.path, pointer.position, `this is not a block of kind ${kind}`);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** No memory is asked for on the word of a pointer that leads out of the file. */
  #bytesOf({ position, storedLength }: BlockPointer): number {
    const bytes = BLOCK_HEADER_BYTES + storedLength;
    if (position >= FILE_HEADER_BYTES && position + bytes <= this.end) return bytes;
    throw new CorruptionError(this.path, position, `a block of ${storedLength} bytes would lie outside the file`);
  }
}

async function openNamed(fileSystem: FileSystem, { path }: BlockFileName): Promise<StorageFile> {
  if (await fileSystem.exists(path)) return fileSystem.open(path, 'read');
  throw new CorruptionError(path, 0, 'the manifest names this file, but it is missing');
}
