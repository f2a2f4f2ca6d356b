/**
 * The end of a block file. With the file header and the headers of the blocks it describes the file without the
 * manifest; by its checksum the manifest knows the file again.
 *
 * Drawn in docs/formats/sorted-run.md and docs/formats/value-file.md, which differ in the numbers between position and
 * magic.
 */

import { ByteReader, readU32 } from '../byte-reader.ts';
import { ByteWriter } from '../byte-writer.ts';
import { checksumAt } from '../checksum.ts';
import { CorruptionError } from '../errors.ts';
import { FORMAT_VERSIONS } from '../file-header.ts';
import type { FileKind } from '../file-header.ts';

const U64_BYTES = 8;
const CHECKSUM_BYTES = 4;
const MAGIC_AND_VERSION_BYTES = 8;

/** The size of a footer that carries so many numbers beside the file's own and its position. */
export function footerBytes(numbers: number): number {
  return (2 + numbers) * U64_BYTES + MAGIC_AND_VERSION_BYTES + CHECKSUM_BYTES;
}

export function encodeFooter(kind: FileKind, file: number, position: number, numbers: readonly number[]): Uint8Array {
  const writer = new ByteWriter(footerBytes(numbers.length));
  writer.u64(file);
  writer.u64(position);
  for (const number of numbers) writer.u64(number);
  for (let i = 0; i < kind.length; i++) writer.u8(kind.charCodeAt(i));
  const version = FORMAT_VERSIONS[kind];
  writer.u8(version & 0xff);
  writer.u8(version >>> 8);
  writer.u32(checksumAt(file, position, writer.view()));
  return writer.take();
}

/** The checksum that a footer carries. */
export function footerChecksum(footer: Uint8Array): number {
  return readU32(footer, footer.length - CHECKSUM_BYTES);
}

/** The numbers that the footer carries. Throws a `CorruptionError` unless it is that of this file, at this position. */
export function readFooter(footer: Uint8Array, file: number, position: number, path: string): number[] {
  const checked = footer.subarray(0, footer.length - CHECKSUM_BYTES);
  if (position < 0 || footerChecksum(footer) !== checksumAt(file, position, checked)) {
    throw new CorruptionError(path, Math.max(0, position), 'the footer does not match its checksum');
  }
  const reader = new ByteReader(checked, { file: path, offset: position });
  reader.bytes(2 * U64_BYTES);
  const numbers: number[] = [];
  while (reader.position < checked.length - MAGIC_AND_VERSION_BYTES) numbers.push(reader.u64());
  return numbers;
}
