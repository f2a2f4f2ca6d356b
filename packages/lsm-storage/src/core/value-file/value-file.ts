/**
 * The reading side of a value file: an immutable file of values kept apart from the entries that point to them, so that
 * merging runs does not rewrite them (the separation of keys and values is WiscKey's: Lu et al., FAST 2016). Drawn in
 * docs/formats/value-file.md.
 */

import {
  beginPlainValue,
  BLOCK_HEADER_BYTES,
  isPlain,
  openValue,
  rawLengthOf,
  storedBytesOf,
} from '../block-file/block.ts';
import type { BlockMemory } from '../cache/block-memory.ts';
import { BlockFile } from '../block-file/block-file.ts';
import type { BlockFileName } from '../block-file/block-file.ts';
import { BlockWalk } from '../block-file/block-walk.ts';
import type { BlockCache, CacheSpace } from '../cache/block-cache.ts';
import { CacheMiss } from '../cache/cache-miss.ts';
import { CorruptionError, isDamage } from '../errors.ts';
import { valueFileName } from '../file-names.ts';
import type { Pace } from '../maintenance/pacer.ts';
import type { Codec } from '../ports/codec.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { ValueFileDescription } from '../ports/manifest.ts';
import type { ReadFrom } from '../read-from.ts';
import type { ValuePointer } from '../versioned-entry.ts';

/** The block file of values. */
export function valueFile(number: number): BlockFileName {
  return { path: valueFileName(number), kind: 'kv-val', number, footerNumbers: 1 };
}

/** Describes a value file by what it says of itself, after checking all of it. */
export async function describeValueFile(fileSystem: FileSystem, number: number): Promise<ValueFileDescription> {
  const file = await BlockFile.open(fileSystem, valueFile(number));
  try {
    return await describe(file);
  } finally {
    await file.close();
  }
}

export class ValueFile {
  readonly description: ValueFileDescription;
  readonly #file: BlockFile;
  readonly #codec: Codec;
  readonly #cache: BlockCache;
  readonly #memory: BlockMemory;
  /**
   * Checked values as they are stored: a reader needs memory of its own, into which they are decompressed. As long as half of
   * the cache is empty they are kept decompressed instead: to copy one takes a third of the time.
   */
  readonly #values: CacheSpace<Uint8Array>;

  private constructor(description: ValueFileDescription, file: BlockFile, codec: Codec, cache: BlockCache) {
    this.description = description;
    this.#file = file;
    this.#codec = codec;
    this.#cache = cache;
    this.#memory = cache.memory;
    this.#values = cache.space((memory) => this.#memory.give(memory));
  }

  /** Opens the file and makes sure that it is the one the manifest describes; values are checked as they are read. */
  static async open(
    fileSystem: FileSystem,
    description: ValueFileDescription,
    codec: Codec,
    cache: BlockCache,
  ): Promise<ValueFile> {
    const file = await BlockFile.open(fileSystem, valueFile(description.number), description);
    return new ValueFile(description, file, codec, cache);
  }

  /** As `open`, for a file whose header and footer may be damaged. */
  static async openDamaged(
    fileSystem: FileSystem,
    description: ValueFileDescription,
    codec: Codec,
    cache: BlockCache,
  ): Promise<ValueFile> {
    const known = { ...description, footer: [description.values] };
    const file = await BlockFile.openDamaged(fileSystem, valueFile(description.number), known);
    return new ValueFile(description, file, codec, cache);
  }

  /** In memory of its own, as all values that are read. With `'memory'` one that is not cached is a {@link CacheMiss}. */
  read(pointer: ValuePointer, from: ReadFrom): Uint8Array {
    const cached = this.#cached(pointer);
    if (cached !== undefined) return this.#open(pointer, cached);
    if (from === 'memory') throw new CacheMiss(() => this.#load(pointer));
    const memory = this.#memory.take(BLOCK_HEADER_BYTES + pointer.storedLength);
    const value = this.#open(pointer, this.#file.readSync('value', pointer, memory));
    this.#admit(pointer, this.#unpacked(memory, value));
    return value;
  }

  /** As `read` from the disk, without leaving a trace in the cache: for scans. */
  readPassing(pointer: ValuePointer): Uint8Array {
    return this.peek(pointer) ?? this.#open(pointer, this.#file.readSync('value', pointer));
  }

  /** As `readPassing`, off the calling thread. */
  async loadPassing(pointer: ValuePointer): Promise<Uint8Array> {
    return this.peek(pointer) ?? this.#open(pointer, await this.#file.read('value', pointer));
  }

  /** The value if it is cached, without leaving a trace in the cache. */
  peek(pointer: ValuePointer): Uint8Array | undefined {
    const cached = this.#values.peek(pointer.position);
    return cached === undefined ? undefined : this.#open(pointer, cached);
  }

  /** The whole block of a value, checked and as it is stored: to be moved to another file. */
  async readStored(pointer: ValuePointer): Promise<Uint8Array> {
    return this.#file.read('value', pointer);
  }

  /** Reads and checks every block, at that pace if there is one. Throws a `CorruptionError` at the first damage. */
  async verify(pace?: Pace): Promise<void> {
    const { values } = await describe(this.#file, pace);
    if (values === this.description.values) return;
    const what = `the manifest recorded ${this.description.values} values, the file has ${values}`;
    throw new CorruptionError(this.#file.path, 0, what);
  }

  /** Whether anything in the file is wrong or cannot be read, values or not. Reads all of it at that pace. */
  async isDamaged(pace: Pace): Promise<boolean> {
    try {
      await this.#file.checkEnds(valueFile(this.description.number));
      await this.verify(pace);
      return false;
    } catch (error) {
      if (isDamage(error)) return true;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#values.clear();
    await this.#file.close();
  }

  #cached(pointer: ValuePointer): Uint8Array | undefined {
    const { position, slot } = pointer;
    const cached = this.#values.get(position, slot);
    if (cached !== undefined && slot?.item !== cached) pointer.slot = this.#values.slotAt(position);
    return cached;
  }

  async #load(pointer: ValuePointer): Promise<void> {
    if (this.#values.peek(pointer.position) !== undefined) return;
    const memory = this.#memory.take(BLOCK_HEADER_BYTES + pointer.storedLength);
    await this.#file.read('value', pointer, memory);
    this.#admit(pointer, this.#unpacked(memory, this.#open(pointer, memory)));
  }

  #admit(pointer: ValuePointer, memory: Uint8Array): void {
    pointer.slot = this.#values.put(pointer.position, memory, memory.length);
    if (pointer.slot === undefined) this.#memory.give(memory);
  }

  /** The block to keep for one that holds this value: the same, or where there is room one that need not be decompressed. */
  #unpacked(block: Uint8Array, value: Uint8Array): Uint8Array {
    const bytes = BLOCK_HEADER_BYTES + value.length;
    if (isPlain(block) || !this.#cache.hasRoomToSpare(bytes)) return block;
    const plain = this.#memory.take(bytes);
    beginPlainValue(plain, value.length);
    plain.set(value, BLOCK_HEADER_BYTES);
    this.#memory.give(block);
    return plain;
  }

  /** `block`: a checked block, behind which there may be something else. */
  #open({ position, storedLength, rawLength }: ValuePointer, block: Uint8Array): Uint8Array {
    const place = { file: this.#file.path, offset: position };
    if (rawLengthOf(block) === rawLength) {
      const length = BLOCK_HEADER_BYTES + (isPlain(block) ? rawLength : storedLength);
      return openValue(storedBytesOf(block, length), rawLength, this.#codec, place);
    }
    throw new CorruptionError(place.file, position, `a value of ${rawLength} bytes was expected`);
  }
}

async function describe(file: BlockFile, pace?: Pace): Promise<ValueFileDescription> {
  const walk = new BlockWalk(file, { pace });
  let values = 0;
  for (let walked = await walk.next(); walked !== undefined; walked = await walk.next()) {
    if (walked.kind !== 'value') throw new CorruptionError(file.path, walked.pointer.position, 'this is no value');
    values++;
  }
  if (values !== file.footer[0]) {
    throw new CorruptionError(
      file.path,
      file.end,
      `the footer counts ${file.footer[0]} values, the file has ${values}`,
    );
  }
  return { number: file.number, bytes: file.bytes, values, footerChecksum: file.footerChecksum };
}
