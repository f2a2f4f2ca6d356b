/**
 * The unit of reading and checking in a block file. Self-describing, so that a file can be walked without an index.
 *
 * The checksum covers the bytes as stored: damage is found before anything is decompressed, and a block can be copied
 * to another file, with a new checksum, without being decompressed at all. Drawn in docs/formats/sorted-run.md.
 */

import { readU32 } from '../byte-reader.ts';
import type { Place } from '../byte-reader.ts';
import { ownedBytes, ownedCopy } from '../bytes.ts';
import { checksumAt, crc32 } from '../checksum.ts';
import { MAX_KEY_BYTES, MAX_VALUE_BYTES } from '../entry.ts';
import { CorruptionError, StorageError } from '../errors.ts';
import type { Codec } from '../ports/codec.ts';
import type { BlockPointer } from '../versioned-entry.ts';

export const BLOCK_HEADER_BYTES = 16;

/** Where the fields of the header are. */
const AT = { checksum: 0, kind: 4, codec: 5, storedLength: 8, rawLength: 12 } as const;

/** No raw block is longer: the largest value, or a block of entries to which the largest entry was added last. */
export const MAX_RAW_BYTES: number = MAX_VALUE_BYTES + 4 * MAX_KEY_BYTES;

export type BlockKind = 'entries' | 'value' | 'ranges';

const KINDS: readonly (BlockKind | undefined)[] = [undefined, 'entries', 'value', 'ranges'];

/** What a block stores of its raw bytes. */
export interface StoredBytes {
  readonly bytes: Uint8Array;
  readonly codec: number;
}

/** Whether compressed bytes save at least an eighth: less is not worth decompressing for at every read. */
export function worthStoring(compressedLength: number, rawLength: number): boolean {
  return compressedLength <= rawLength - rawLength / 8;
}

/** Compressed only if that is worthwhile. Valid until the codec compresses again. */
export function storedBytes(raw: Uint8Array, codec: Codec): StoredBytes {
  if (codec.id === 0) return { bytes: raw, codec: 0 };
  const compressed = codec.compress(raw);
  return worthStoring(compressed.length, raw.length)
    ? { bytes: compressed, codec: codec.id }
    : { bytes: raw, codec: 0 };
}

const header: Uint8Array = new Uint8Array(BLOCK_HEADER_BYTES);
const headerView: DataView = new DataView(header.buffer);
const checkedHeader: Uint8Array = header.subarray(AT.kind);

/** The header of a block at its place, valid until the next call; its stored bytes follow it. */
export function blockHeader(
  kind: BlockKind,
  stored: StoredBytes,
  rawLength: number,
  file: number,
  position: number,
): Uint8Array {
  header[AT.kind] = KINDS.indexOf(kind);
  header[AT.codec] = stored.codec;
  headerView.setUint32(AT.storedLength, stored.bytes.length, true);
  headerView.setUint32(AT.rawLength, rawLength, true);
  headerView.setUint32(AT.checksum, crc32(stored.bytes, checksumAt(file, position, checkedHeader)), true);
  return header;
}

/** Throws a `CorruptionError` unless these are the bytes of the block of that length and place. */
export function checkBlock(block: Uint8Array, pointer: BlockPointer, number: number, file: string): void {
  const { position, storedLength } = pointer;
  if (block.length !== BLOCK_HEADER_BYTES + storedLength) {
    throw new CorruptionError(file, position, `the file ends within a block of ${storedLength} bytes`);
  }
  if (readU32(block, AT.checksum) !== checksumAt(number, position, block.subarray(AT.kind))) {
    throw new CorruptionError(file, position, 'a block does not match its checksum');
  }
  if (storedLengthOf(block) !== storedLength || rawLengthOf(block) > MAX_RAW_BYTES) {
    throw new CorruptionError(file, position, 'a block has other lengths than its pointer or its limit says');
  }
}

/** The kind of a checked block; `undefined`: none that this version knows. */
export function kindOf(block: Uint8Array): BlockKind | undefined {
  return KINDS[block[AT.kind] as number];
}

/** The stored length that the header of a block declares. */
export function storedLengthOf(block: Uint8Array): number {
  return readU32(block, AT.storedLength);
}

/** Whether a checked block holds its raw bytes as they are. */
export function isPlain(block: Uint8Array): boolean {
  return block[AT.codec] === 0;
}

/** The raw length that a checked block declares. */
export function rawLengthOf(block: Uint8Array): number {
  return readU32(block, AT.rawLength);
}

/** Begins a block of a value that is not compressed and never leaves memory: without a checksum. */
export function beginPlainValue(block: Uint8Array, rawLength: number): void {
  headerView.setUint32(AT.checksum, 0);
  header[AT.kind] = KINDS.indexOf('value');
  header[AT.codec] = 0;
  headerView.setUint32(AT.storedLength, rawLength, true);
  headerView.setUint32(AT.rawLength, rawLength, true);
  block.set(header);
}

/** What a checked block stores: a view of it. `length`: of the block, if there is something else behind it. */
export function storedBytesOf(block: Uint8Array, length: number = block.length): StoredBytes {
  return { bytes: block.subarray(BLOCK_HEADER_BYTES, length), codec: block[AT.codec] as number };
}

/** The raw bytes of a checked block: of their own memory, or a view of the block if that was not compressed. */
export function openBlock(block: Uint8Array, codec: Codec, place: Place): Uint8Array {
  const stored = storedBytesOf(block);
  const rawLength = rawLengthOf(block);
  if (stored.codec === 0) return withLength(stored.bytes, rawLength, place);
  return decompress(stored, new Uint8Array(rawLength), codec, place);
}

/** The raw bytes of a checked value, in memory for a reader to keep. */
export function openValue(stored: StoredBytes, rawLength: number, codec: Codec, place: Place): Uint8Array {
  if (stored.codec === 0) return ownedCopy(withLength(stored.bytes, rawLength, place));
  return decompress(stored, ownedBytes(rawLength), codec, place);
}

function decompress(stored: StoredBytes, raw: Uint8Array, codec: Codec, place: Place): Uint8Array {
  if (stored.codec !== codec.id) {
    const found = `${place.file} holds blocks of codec ${stored.codec}`;
    throw new StorageError('UNSUPPORTED_FORMAT', `${found}, this engine was opened with codec ${codec.id}`);
  }
  let length: number;
  try {
    length = codec.decompress(stored.bytes, raw);
  } catch (cause) {
    throw new CorruptionError(place.file, place.offset, 'a block cannot be decompressed', { cause });
  }
  if (length === raw.length) return raw;
  throw new CorruptionError(place.file, place.offset, `a block of ${raw.length} bytes has ${length}`);
}

function withLength(raw: Uint8Array, length: number, place: Place): Uint8Array {
  if (raw.length === length) return raw;
  throw new CorruptionError(place.file, place.offset, `a block of ${length} bytes has ${raw.length}`);
}
