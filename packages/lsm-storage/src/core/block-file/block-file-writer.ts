/**
 * Writes a block file from its beginning to its end. What is appended gathers in memory until it is worth a write; the
 * file is created by the first write, so that a file to which nothing was appended never exists.
 */

import { ByteWriter } from '../byte-writer.ts';
import { encodeFileHeader } from '../file-header.ts';
import type { Codec } from '../ports/codec.ts';
import type { FileSystem, StorageFile } from '../ports/file-system.ts';
import type { BlockPointer } from '../versioned-entry.ts';
import type { BlockFileName, RecordedFile } from './block-file.ts';
import { blockHeader, rawLengthOf, storedBytes, storedBytesOf } from './block.ts';
import type { BlockKind, StoredBytes } from './block.ts';
import { encodeFooter, footerChecksum } from './file-footer.ts';

/** Bytes gathered for one write: enough to be worth a call, and not so many that encoding them holds up other work. */
const WRITE_BYTES = 256 * 1024;

export class BlockFileWriter {
  readonly #fileSystem: FileSystem;
  readonly #name: BlockFileName;
  readonly #codec: Codec;
  readonly #buffer: ByteWriter = new ByteWriter();
  #file: StorageFile | undefined;
  /** Bytes in the file so far; those in the buffer follow them. */
  #written = 0;

  constructor(fileSystem: FileSystem, name: BlockFileName, codec: Codec) {
    this.#fileSystem = fileSystem;
    this.#name = name;
    this.#codec = codec;
    this.#buffer.bytes(encodeFileHeader(name.kind, name.number));
  }

  /** Where the next block will lie: the bytes appended so far, the file header among them. */
  get position(): number {
    return this.#written + this.#buffer.length;
  }

  /** Whether `drain` has something to do. */
  get full(): boolean {
    return this.#buffer.length >= WRITE_BYTES;
  }

  /** Appends a block of these raw bytes, compressed if that is worthwhile. */
  append(kind: BlockKind, raw: Uint8Array): BlockPointer {
    return this.#append(kind, storedBytes(raw, this.#codec), raw.length);
  }

  /** Appends a block of bytes that were compressed before. */
  appendStored(kind: BlockKind, stored: StoredBytes, rawLength: number): BlockPointer {
    return this.#append(kind, stored, rawLength);
  }

  /** Appends a checked block of another file as it is stored there. */
  appendMoved(kind: BlockKind, block: Uint8Array): BlockPointer {
    return this.#append(kind, storedBytesOf(block), rawLengthOf(block));
  }

  /** Writes out what has gathered once it is worth a write. Nothing may be appended before it resolves. */
  async drain(): Promise<void> {
    if (this.full) await this.#writeOut();
  }

  /** Writes the rest and the footer, and makes the file durable; its name is not, before its directory is synced. */
  async finish(numbers: readonly number[]): Promise<RecordedFile> {
    const footer = encodeFooter(this.#name.kind, this.#name.number, this.position, numbers);
    this.#buffer.bytes(footer);
    const file = await this.#writeOut();
    await file.sync();
    await file.close();
    return { bytes: this.#written, footerChecksum: footerChecksum(footer) };
  }

  /** Removes the file, if it was created. Failures are not reported: what made the writing fail is. */
  async abandon(): Promise<void> {
    if (this.#file === undefined) return;
    await this.#file.close().catch(ignored);
    // A file that cannot be removed now is removed at the next opening, since no manifest names it.
    await this.#fileSystem.remove(this.#name.path).catch(ignored);
  }

  #append(kind: BlockKind, stored: StoredBytes, rawLength: number): BlockPointer {
    const position = this.position;
    this.#buffer.bytes(blockHeader(kind, stored, rawLength, this.#name.number, position));
    this.#buffer.bytes(stored.bytes);
    return { position, storedLength: stored.bytes.length };
  }

  async #writeOut(): Promise<StorageFile> {
    this.#file ??= await this.#fileSystem.open(this.#name.path, 'create');
    await this.#file.write(this.#written, [this.#buffer.view()]);
    this.#written += this.#buffer.length;
    this.#buffer.clear();
    return this.#file;
  }
}

function ignored(): void {
  // The failure before it is the one to report.
}
