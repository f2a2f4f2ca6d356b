/** Range tombstones as the raw bytes of a block. Drawn in docs/formats/sorted-run.md. */

import { ByteReader } from '../byte-reader.ts';
import type { Place } from '../byte-reader.ts';
import { ByteWriter } from '../byte-writer.ts';
import { copyBytes } from '../bytes.ts';
import { CorruptionError } from '../errors.ts';
import type { KeyRange } from '../versioned-entry.ts';

const NO_END = 0;
const HAS_END = 1;

/** Raw bytes after which a block of ranges ends. */
const BLOCK_BYTES = 64 * 1024;

/** In blocks, as many as are needed. */
export function encodeRanges(ranges: readonly KeyRange[]): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  const writer = new ByteWriter();
  for (const { from, to } of ranges) {
    writer.u8(to === undefined ? NO_END : HAS_END);
    writeKey(writer, from);
    if (to !== undefined) writeKey(writer, to);
    if (writer.length >= BLOCK_BYTES) blocks.push(writer.take());
  }
  if (writer.length > 0) blocks.push(writer.take());
  return blocks;
}

/** The keys are copies. */
export function decodeRanges(raw: Uint8Array, place: Place): KeyRange[] {
  const reader = new ByteReader(raw, place);
  const ranges: KeyRange[] = [];
  while (!reader.atEnd) {
    const end = reader.u8();
    if (end > HAS_END) throw new CorruptionError(place.file, place.offset, 'a range has an unknown kind of end');
    const from = copyBytes(reader.bytes(reader.varint()));
    ranges.push({ from, to: end === HAS_END ? copyBytes(reader.bytes(reader.varint())) : undefined });
  }
  return ranges;
}

function writeKey(writer: ByteWriter, key: Uint8Array): void {
  writer.varint(key.length);
  writer.bytes(key);
}
