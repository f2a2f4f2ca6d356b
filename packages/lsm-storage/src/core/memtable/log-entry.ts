/**
 * One write as the commit log holds it, and as memory holds it until it is flushed: a memtable is an index over the
 * bytes of its log. Little-endian; the head has a fixed size, so that any field is found without reading the others.
 *
 * ```
 *  offset  size
 *       0     1  kind: 1 put, 2 tombstone, 3 range tombstone, 4 put of a packed value; + 128 if there is a deadline
 *       1     1  length of the meta
 *       2     2  length of the key (of a range: of its first key)
 *       4     4  put: length of the value as it is here; range: length of the key it ends before, + 1; 0 if it has no end
 *       8     6  deadline in milliseconds since 1970, only if there is one
 *                key, meta, then value or end of the range
 * ```
 *
 * A packed value:
 *
 * ```
 *       0     1  id of the codec
 *       1     4  length of the value
 *       5        the value, compressed
 * ```
 *
 * Drawn in docs/formats/commit-log.md too.
 */

import { CorruptionError } from '../errors.ts';
import type { Place } from '../byte-reader.ts';
import { readU32 } from '../byte-reader.ts';
import { MAX_VALUE_BYTES } from '../entry.ts';
import { PackedValue } from '../versioned-entry.ts';

export const KIND_PUT = 1;
export const KIND_TOMBSTONE = 2;
export const KIND_RANGE = 3;
export const KIND_PACKED_PUT = 4;

/** In front of the compressed bytes of a packed value. */
export const PACKED_HEAD_BYTES = 5;

const HEAD_BYTES = 8;
const DEADLINE_BYTES = 6;
const DEADLINE_FLAG = 0x80;
const KIND_BITS = 0x7f;
const U32 = 2 ** 32;

/** The highest deadline that six bytes hold. */
export const MAX_DEADLINE: number = 2 ** 48 - 1;

export function logEntryBytes(key: Uint8Array, meta: Uint8Array, deadline: number, rest: Uint8Array): number {
  return HEAD_BYTES + (deadline === 0 ? 0 : DEADLINE_BYTES) + key.length + meta.length + rest.length;
}

/** Writes an entry at `at`, where there must be room; `rest` is the value or, with `hasRest`, the end of a range. */
export function writeLogEntry(
  slab: Uint8Array,
  at: number,
  kind: number,
  key: Uint8Array,
  meta: Uint8Array,
  deadline: number,
  rest: Uint8Array,
  hasRest: boolean,
): void {
  slab[at] = deadline === 0 ? kind : kind | DEADLINE_FLAG;
  slab[at + 1] = meta.length;
  slab[at + 2] = key.length;
  slab[at + 3] = key.length >>> 8;
  const length = kind === KIND_RANGE && hasRest ? rest.length + 1 : rest.length;
  slab[at + 4] = length;
  slab[at + 5] = length >>> 8;
  slab[at + 6] = length >>> 16;
  slab[at + 7] = length >>> 24;
  let next = at + HEAD_BYTES;
  if (deadline !== 0) {
    writeU48(slab, next, deadline);
    next += DEADLINE_BYTES;
  }
  slab.set(key, next);
  next += key.length;
  if (meta.length > 0) slab.set(meta, next);
  if (rest.length > 0) slab.set(rest, next + meta.length);
}

export function kindAt(slab: Uint8Array, at: number): number {
  return (slab[at] as number) & KIND_BITS;
}

/** 0: none. */
export function deadlineAt(slab: Uint8Array, at: number): number {
  if (((slab[at] as number) & DEADLINE_FLAG) === 0) return 0;
  const start = at + HEAD_BYTES;
  return readU32(slab, start) + ((slab[start + 4] as number) + (slab[start + 5] as number) * 256) * U32;
}

export function keyStartAt(slab: Uint8Array, at: number): number {
  return at + HEAD_BYTES + (((slab[at] as number) & DEADLINE_FLAG) === 0 ? 0 : DEADLINE_BYTES);
}

export function keyLengthAt(slab: Uint8Array, at: number): number {
  return (slab[at + 2] as number) + (slab[at + 3] as number) * 256;
}

export function metaLengthAt(slab: Uint8Array, at: number): number {
  return slab[at + 1] as number;
}

/** Where value or end of the range begin. */
export function restStartAt(slab: Uint8Array, at: number): number {
  return keyStartAt(slab, at) + keyLengthAt(slab, at) + metaLengthAt(slab, at);
}

/** Of a put: of its value. Of a range: of the key it ends before; `undefined` if it has no end. */
export function restLengthAt(slab: Uint8Array, at: number): number | undefined {
  const length = readU32(slab, at + 4);
  if (kindAt(slab, at) !== KIND_RANGE) return length;
  return length === 0 ? undefined : length - 1;
}

/** Writes what is in front of the compressed bytes. */
export function writePackedHead(packed: Uint8Array, codec: number, rawLength: number): void {
  packed[0] = codec;
  packed[1] = rawLength;
  packed[2] = rawLength >>> 8;
  packed[3] = rawLength >>> 16;
  packed[4] = rawLength >>> 24;
}

/** The packed value that lies from `start` to `end`. */
export function packedValueAt(slab: Uint8Array, start: number, end: number): PackedValue {
  return new PackedValue(
    slab.subarray(start + PACKED_HEAD_BYTES, end),
    slab[start] as number,
    readU32(slab, start + 1),
  );
}

/** The bytes that the entry at `at` takes; throws a `CorruptionError` unless it is whole and ends by `end`. */
export function checkedLengthAt(slab: Uint8Array, at: number, end: number, place: Place): number {
  if (end - at < HEAD_BYTES) throw malformed(place, 'an entry ends within its head');
  const kind = kindAt(slab, at);
  if (kind < KIND_PUT || kind > KIND_PACKED_PUT) throw malformed(place, `there is no entry kind ${kind}`);
  const rest = restLengthAt(slab, at) ?? 0;
  if (rest > MAX_VALUE_BYTES || (kind === KIND_TOMBSTONE && rest !== 0)) {
    throw malformed(place, `an entry of kind ${kind} cannot have ${rest} bytes`);
  }
  const length = keyStartAt(slab, at) - at + keyLengthAt(slab, at) + metaLengthAt(slab, at) + rest;
  if (length > end - at) throw malformed(place, `an entry of ${length} bytes has ${end - at}`);
  if (kind === KIND_PACKED_PUT) checkPacked(slab, at + length - rest, rest, place);
  return length;
}

function checkPacked(slab: Uint8Array, start: number, length: number, place: Place): void {
  if (length < PACKED_HEAD_BYTES) throw malformed(place, 'a packed value ends within its head');
  const { rawLength } = packedValueAt(slab, start, start + length);
  if (rawLength > MAX_VALUE_BYTES) throw malformed(place, `a packed value cannot have ${rawLength} bytes`);
}

function writeU48(slab: Uint8Array, at: number, value: number): void {
  let rest = value;
  for (let i = 0; i < DEADLINE_BYTES; i++) {
    slab[at + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

function malformed(place: Place, what: string): CorruptionError {
  return new CorruptionError(place.file, place.offset, what);
}
