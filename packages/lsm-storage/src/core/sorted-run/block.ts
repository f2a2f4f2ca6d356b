/**
 * The unit of reading and checking in a sorted run. Self-describing, so that a run can be walked without its index.
 *
 * The checksum covers the bytes as stored: damage is found before anything is decompressed, and a block can be copied
 * to another run, with a new checksum, without being decompressed at all. Drawn in docs/formats/sorted-run.md.
 */

import { readU32 } from '../byte-reader.ts';
import type { Place } from '../byte-reader.ts';
import { checksumAt } from '../checksum.ts';
import { MAX_KEY_BYTES, MAX_VALUE_BYTES } from '../entry.ts';
import { CorruptionError, StorageError } from '../errors.ts';
import type { Codec } from '../ports/codec.ts';

export const BLOCK_HEADER_BYTES = 16;

/** Where the fields of the header are. */
const AT = { checksum: 0, kind: 4, codec: 5, storedLength: 8, rawLength: 12 } as const;

/** No raw block is longer: the largest value, or a block of entries to which the largest entry was added last. */
export const MAX_RAW_BYTES: number = MAX_VALUE_BYTES + 4 * MAX_KEY_BYTES;

export type BlockKind = 'entries' | 'value';

/** Where a block lies in its run; `storedLength` is without the header. */
export interface BlockPointer {
  readonly position: number;
  readonly storedLength: number;
}

/** A value in a block of its own; `rawLength` is the value's length. */
export interface ValuePointer extends BlockPointer {
  readonly rawLength: number;
}

const KIND_CODES: Record<BlockKind, number> = { entries: 1, value: 2 };

/** Compressed only if that saves at least an eighth: less is not worth decompressing for at every read. */
export function encodeBlock(kind: BlockKind, raw: Uint8Array, run: number, position: number, codec: Codec): Uint8Array {
  const compressed = codec.id === 0 ? raw : codec.compress(raw);
  const worthwhile = compressed.length <= raw.length - raw.length / 8;
  const stored = worthwhile ? compressed : raw;
  const block = new Uint8Array(BLOCK_HEADER_BYTES + stored.length);
  const view = new DataView(block.buffer);
  view.setUint8(AT.kind, KIND_CODES[kind]);
  view.setUint8(AT.codec, worthwhile ? codec.id : 0);
  view.setUint32(AT.storedLength, stored.length, true);
  view.setUint32(AT.rawLength, raw.length, true);
  block.set(stored, BLOCK_HEADER_BYTES);
  return sealBlock(block, run, position);
}

/** The same block for another place; the checksum at its old place must have been verified. */
export function moveBlock(block: Uint8Array, run: number, position: number): Uint8Array {
  return sealBlock(new Uint8Array(block), run, position);
}

/** Throws a `CorruptionError` unless these are the bytes of the block of that kind, length and place. */
export function checkBlock(block: Uint8Array, kind: BlockKind, pointer: BlockPointer, run: number, file: string): void {
  const { position, storedLength } = pointer;
  if (block.length !== BLOCK_HEADER_BYTES + storedLength) {
    throw new CorruptionError(file, position, `the file ends within a block of ${storedLength} bytes`);
  }
  if (readU32(block, AT.checksum) !== checksumAt(run, position, block.subarray(AT.kind))) {
    throw new CorruptionError(file, position, 'a block does not match its checksum');
  }
  if (block[AT.kind] !== KIND_CODES[kind])
    throw new CorruptionError(file, position, `this is not a block of kind ${kind}`);
  if (readU32(block, AT.storedLength) !== storedLength || rawLengthOf(block) > MAX_RAW_BYTES) {
    throw new CorruptionError(file, position, 'a block has other lengths than its pointer or its limit says');
  }
}

/** The raw bytes of a checked block: of their own memory, or a view of the block if that was not compressed. */
export function openBlock(block: Uint8Array, codec: Codec, place: Place): Uint8Array {
  const stored = block.subarray(BLOCK_HEADER_BYTES);
  const rawLength = rawLengthOf(block);
  const codecId = block[AT.codec];
  const raw = codecId === 0 ? stored : decompress(stored, rawLength, codecId, codec, place);
  if (raw.length === rawLength) return raw;
  throw new CorruptionError(place.file, place.offset, `a block of ${rawLength} bytes has ${raw.length}`);
}

/** The raw length that a checked block declares. */
export function rawLengthOf(block: Uint8Array): number {
  return readU32(block, AT.rawLength);
}

function decompress(
  stored: Uint8Array,
  rawLength: number,
  codecId: number | undefined,
  codec: Codec,
  place: Place,
): Uint8Array {
  if (codecId !== codec.id) {
    const message = `${place.file} holds blocks of codec ${codecId}, this engine was opened with codec ${codec.id}`;
    throw new StorageError('UNSUPPORTED_FORMAT', message);
  }
  try {
    return codec.decompress(stored, rawLength);
  } catch (cause) {
    throw new CorruptionError(place.file, place.offset, 'a block cannot be decompressed', { cause });
  }
}

function sealBlock(block: Uint8Array, run: number, position: number): Uint8Array {
  new DataView(block.buffer).setUint32(AT.checksum, checksumAt(run, position, block.subarray(AT.kind)), true);
  return block;
}
