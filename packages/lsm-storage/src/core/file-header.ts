/**
 * The first bytes of every file that the engine writes by itself: magic, format version, file number, checksum. They stay
 * where they are in every version, so that any version can tell what it cannot read from what is damaged.
 *
 * Drawn in docs/formats/commit-log.md.
 */

import { ByteReader } from './byte-reader.ts';
import type { Place } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { crc32 } from './checksum.ts';
import { CorruptionError, StorageError } from './errors.ts';

export type FileKind = 'kv-log' | 'kv-run' | 'kv-val';

/** What is written and read. A kind's version is raised with every change of its format. */
export const FORMAT_VERSIONS: Readonly<Record<FileKind, number>> = { 'kv-log': 2, 'kv-run': 2, 'kv-val': 1 };
export const FILE_HEADER_BYTES = 24;

const MAGIC_BYTES = 6;
const CHECKED_BYTES = 20;

/** `flags`: 32 bits whose meaning depends on the kind. */
export function encodeFileHeader(kind: FileKind, fileNumber: number, flags = 0): Uint8Array {
  const writer = new ByteWriter(FILE_HEADER_BYTES);
  for (let i = 0; i < MAGIC_BYTES; i++) writer.u8(kind.charCodeAt(i));
  const version = FORMAT_VERSIONS[kind];
  writer.u8(version & 0xff);
  writer.u8(version >>> 8);
  writer.u64(fileNumber);
  writer.u32(flags);
  writer.u32(crc32(writer.view()));
  return writer.take();
}

/** Returns the flags. Throws a `CorruptionError`, or `UNSUPPORTED_FORMAT` when the file has another format version. */
export function checkFileHeader(bytes: Uint8Array, kind: FileKind, fileNumber: number, file: string): number {
  const place: Place = { file, offset: 0 };
  const reader = new ByteReader(bytes, place);
  for (let i = 0; i < MAGIC_BYTES; i++) {
    if (reader.u8() !== kind.charCodeAt(i)) throw new CorruptionError(file, 0, `it does not begin with "${kind}"`);
  }
  const version = reader.u8() + reader.u8() * 256;
  const written = reader.u64();
  const flags = reader.u32();
  if (reader.u32() !== crc32(bytes.subarray(0, CHECKED_BYTES))) {
    throw new CorruptionError(file, 0, 'the checksum of the file header is wrong');
  }
  if (version !== FORMAT_VERSIONS[kind]) {
    const message = `${file} has format version ${version}, this engine reads version ${FORMAT_VERSIONS[kind]}`;
    throw new StorageError('UNSUPPORTED_FORMAT', message);
  }
  if (written !== fileNumber) {
    throw new CorruptionError(file, 0, `it was written as file ${written}, not ${fileNumber}`);
  }
  return flags;
}
