/**
 * The unit of the commit log: one frame per group commit, so that a group is replayed whole or not at all. Both its
 * checksums are seeded with segment and position, so that a frame counts only where it was written: what a segment
 * file held in an earlier life is never taken for a frame of this one.
 *
 * Drawn in docs/formats/commit-log.md.
 */

import { readU32 } from '../byte-reader.ts';
import { checksumAt, checksumOfParts } from '../checksum.ts';
import { MAX_KEY_BYTES, MAX_VALUE_BYTES } from '../entry.ts';

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

const KIND_GROUP = 1;
const KIND_SEAL = 2;
const U32 = 2 ** 32;

export interface FrameHeader {
  readonly kind: 'group' | 'seal';
  readonly bodyLength: number;
  readonly bodyChecksum: number;
  readonly firstSequence: number;
  readonly entries: number;
}

/** Where a frame goes, and what it holds. */
export interface FramePlace {
  readonly segment: number;
  readonly position: number;
  readonly firstSequence: number;
  readonly entries: number;
}

/** No body is longer than a batch may be: a full group and one more batch of the greatest size. */
export const MAX_BATCH_BYTES: number = 64 * 1024 * 1024;
export const MAX_BODY_BYTES: number = GROUP_BYTES + MAX_BATCH_BYTES + MAX_VALUE_BYTES + 2 * MAX_KEY_BYTES;

/** Fills in the header of a group, for which the first part has room in front. Returns the bytes of the frame. */
export function finishGroup(parts: readonly Uint8Array[], place: FramePlace): number {
  const [first, ...rest] = parts;
  if (first === undefined) throw new Error('a group has at least one part');
  const body = [first.subarray(FRAME_HEADER_BYTES), ...rest];
  const checksum = checksumOfParts(place.segment, place.position, body);
  let bodyLength = 0;
  for (const part of body) bodyLength += part.length;
  writeHeader(first, place, KIND_GROUP, bodyLength, checksum);
  return FRAME_HEADER_BYTES + bodyLength;
}

/** Encodes the seal that ends a segment; `firstSequence` is the one that the next entry would get. */
export function encodeSeal(segment: number, position: number, nextSequence: number): Uint8Array {
  const seal = new Uint8Array(FRAME_HEADER_BYTES);
  const checksum = checksumAt(segment, position, seal.subarray(FRAME_HEADER_BYTES));
  writeHeader(seal, { segment, position, firstSequence: nextSequence, entries: 0 }, KIND_SEAL, 0, checksum);
  return seal;
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
    firstSequence: readU32(header, AT.firstSequence) + readU32(header, AT.firstSequence + 4) * U32,
    entries: readU32(header, AT.entries),
  };
}

export function bodyIsIntact(header: FrameHeader, body: Uint8Array, segment: number, position: number): boolean {
  return body.length === header.bodyLength && checksumAt(segment, position, body) === header.bodyChecksum;
}

function writeHeader(
  header: Uint8Array,
  place: FramePlace,
  kind: number,
  bodyLength: number,
  bodyChecksum: number,
): void {
  writeU32(header, AT.bodyChecksum, bodyChecksum);
  writeU32(header, AT.bodyLength, bodyLength);
  writeU32(header, AT.segment, place.segment);
  writeU32(header, AT.firstSequence, place.firstSequence % U32);
  writeU32(header, AT.firstSequence + 4, Math.floor(place.firstSequence / U32));
  writeU32(header, AT.entries, place.entries);
  writeU32(header, AT.kind, kind);
  const checked = header.subarray(AT.bodyChecksum, FRAME_HEADER_BYTES);
  writeU32(header, AT.headerChecksum, checksumAt(place.segment, place.position, checked));
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
