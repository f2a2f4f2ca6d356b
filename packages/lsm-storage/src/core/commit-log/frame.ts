/**
 * The unit of the commit log: one frame per group commit, so that a group is replayed whole or not at all. Both its
 * checksums are seeded with segment and position, so that a frame counts only where it was written.
 *
 * Drawn in docs/formats/commit-log.md.
 */

import { ByteReader, readU32 } from '../byte-reader.ts';
import type { Place } from '../byte-reader.ts';
import { ByteWriter } from '../byte-writer.ts';
import { checksumAt } from '../checksum.ts';
import { MAX_KEY_BYTES, MAX_VALUE_BYTES } from '../entry.ts';
import { CorruptionError } from '../errors.ts';
import { storedEntry } from '../stored-entry.ts';
import type { StoredEntry } from '../stored-entry.ts';

export const FRAME_HEADER_BYTES = 32;

/** Where the fields of the header are. */
const AT = {
  headerChecksum: 0,
  bodyChecksum: 4,
  bodyLength: 8,
  segment: 12,
  firstSequence: 16,
  entries: 24,
  kind: 28,
} as const;

/** A group takes no further entry once its body has this many bytes: an upper bound for memory and for one sync. */
export const GROUP_BYTES: number = 4 * 1024 * 1024;

/** No body is longer: a full group and one more entry of the greatest size. */
export const MAX_BODY_BYTES: number = GROUP_BYTES + MAX_VALUE_BYTES + MAX_KEY_BYTES + 1024;

const KIND_GROUP = 1;
const KIND_SEAL = 2;
const ENTRY_PUT = 1;
const ENTRY_DELETE = 2;

export interface FrameHeader {
  readonly kind: 'group' | 'seal';
  readonly bodyLength: number;
  readonly bodyChecksum: number;
  readonly firstSequence: number;
  readonly entries: number;
}

/** Encodes a group for its place; the entries have consecutive sequences from `firstSequence`. */
export function encodeGroup(
  segment: number,
  position: number,
  firstSequence: number,
  group: readonly StoredEntry[],
): Uint8Array {
  const writer = new ByteWriter(FRAME_HEADER_BYTES + bodyBytes(group));
  for (let i = 0; i < FRAME_HEADER_BYTES; i++) writer.u8(0);
  for (const entry of group) encodeEntry(writer, entry);
  return finishFrame(writer.take(), segment, position, firstSequence, group.length, KIND_GROUP);
}

/** Encodes the seal that ends a log closed in order; `nextSequence` is the one that the next entry would get. */
export function encodeSeal(segment: number, position: number, nextSequence: number): Uint8Array {
  return finishFrame(new Uint8Array(FRAME_HEADER_BYTES), segment, position, nextSequence, 0, KIND_SEAL);
}

/** Bytes of an entry in a body, as an upper bound. */
export function encodedEntryBytes(entry: StoredEntry): number {
  return 16 + entry.key.length + entry.meta.length + (entry.value?.length ?? 0);
}

/** The header at `start` of `bytes`, or `undefined` if no frame written at this place begins there. */
export function decodeFrameHeader(
  bytes: Uint8Array,
  start: number,
  segment: number,
  position: number,
): FrameHeader | undefined {
  // The cheap test first: the search for later frames tries every position of a segment.
  if (bytes.length - start < FRAME_HEADER_BYTES || readU32(bytes, start + AT.segment) !== segment) {
    return undefined;
  }
  const header = bytes.subarray(start, start + FRAME_HEADER_BYTES);
  const checked = header.subarray(AT.bodyChecksum);
  if (readU32(header, AT.headerChecksum) !== checksumAt(segment, position, checked)) return undefined;
  const kind = header[AT.kind];
  const bodyLength = readU32(header, AT.bodyLength);
  if ((kind !== KIND_GROUP && kind !== KIND_SEAL) || bodyLength > MAX_BODY_BYTES) return undefined;
  return {
    kind: kind === KIND_GROUP ? 'group' : 'seal',
    bodyLength,
    bodyChecksum: readU32(header, AT.bodyChecksum),
    firstSequence: readU32(header, AT.firstSequence) + readU32(header, AT.firstSequence + 4) * 2 ** 32,
    entries: readU32(header, AT.entries),
  };
}

export function bodyIsIntact(header: FrameHeader, body: Uint8Array, segment: number, position: number): boolean {
  return body.length === header.bodyLength && checksumAt(segment, position, body) === header.bodyChecksum;
}

/** The entries of an intact body. */
export function decodeBody(header: FrameHeader, body: Uint8Array, place: Place): StoredEntry[] {
  const reader = new ByteReader(body, place);
  const entries: StoredEntry[] = [];
  while (!reader.atEnd) entries.push(decodeEntry(reader, header.firstSequence + entries.length, place));
  if (entries.length !== header.entries) {
    throw new CorruptionError(place.file, place.offset, `${header.entries} entries expected, got ${entries.length}`);
  }
  return entries;
}

function encodeEntry(writer: ByteWriter, entry: StoredEntry): void {
  writer.u8(entry.value === undefined ? ENTRY_DELETE : ENTRY_PUT);
  writer.varint(entry.key.length);
  writer.bytes(entry.key);
  if (entry.value === undefined) return;
  writer.u8(entry.meta.length);
  writer.bytes(entry.meta);
  writer.varint(entry.value.length);
  writer.bytes(entry.value);
}

function decodeEntry(reader: ByteReader, sequence: number, place: Place): StoredEntry {
  const kind = reader.u8();
  if (kind !== ENTRY_PUT && kind !== ENTRY_DELETE) {
    throw new CorruptionError(place.file, place.offset, `there is no entry kind ${kind}`);
  }
  const key = reader.bytes(reader.varint());
  if (kind === ENTRY_DELETE) return storedEntry(key, undefined, undefined, sequence);
  const meta = reader.bytes(reader.u8());
  const value = reader.bytes(reader.varint());
  return storedEntry(key, meta, value, sequence);
}

function bodyBytes(group: readonly StoredEntry[]): number {
  let bytes = 0;
  for (const entry of group) bytes += encodedEntryBytes(entry);
  return bytes;
}

function finishFrame(
  frame: Uint8Array,
  segment: number,
  position: number,
  firstSequence: number,
  entries: number,
  kind: number,
): Uint8Array {
  const view = new DataView(frame.buffer);
  const body = frame.subarray(FRAME_HEADER_BYTES);
  view.setUint32(AT.bodyChecksum, checksumAt(segment, position, body), true);
  view.setUint32(AT.bodyLength, body.length, true);
  view.setUint32(AT.segment, segment, true);
  view.setUint32(AT.firstSequence, firstSequence % 2 ** 32, true);
  view.setUint32(AT.firstSequence + 4, Math.floor(firstSequence / 2 ** 32), true);
  view.setUint32(AT.entries, entries, true);
  view.setUint8(AT.kind, kind);
  const checked = frame.subarray(AT.bodyChecksum, FRAME_HEADER_BYTES);
  view.setUint32(AT.headerChecksum, checksumAt(segment, position, checked), true);
  return frame;
}
