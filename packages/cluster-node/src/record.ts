/**
 * Between what clients see (a value with its content type) and what replicas store (record meta and bytes). A value is
 * compressed once, here, and travels and rests so; only the coordinator that answers decompresses it.
 */
import type { Codec } from '@kv/lsm-storage/core';
import type { Version } from '@kv/quorum';
import {
  copyBytes,
  deadlineOfMeta,
  decodeRecordMeta,
  encodeRecordMeta,
  isSiblingSetMeta,
  isTombstoneMeta,
  type ValueMeta,
  valueCodecs,
} from '@kv/wire';

/** What a replica stores under a key: opaque to the replica but for the version inside the meta. */
export interface StoredRecord {
  readonly meta: Uint8Array;
  readonly value: Uint8Array;
}

/** A value as its client wrote it; `meta` describes these bytes, not the stored ones. */
export interface OpenedValue {
  readonly meta: ValueMeta;
  readonly value: Uint8Array;
}

export interface PackedValue {
  /** One of `valueCodecs`. */
  readonly codec: number;
  /** Bytes once decompressed. */
  readonly rawLength: number;
  readonly bytes: Uint8Array;
}

/** Below this, compression cannot save enough to be worth the attempt. */
const smallestCompressed = 128;

/** What is written under a version. */
export interface WrittenValue {
  readonly contentType: string;
  readonly value: Uint8Array;
  /** Milliseconds since 1970 from which on the record is a tombstone of the same version. */
  readonly deadline?: number | undefined;
}

export function valueRecord(
  version: Version,
  { contentType, value, deadline }: WrittenValue,
  codec: Codec,
): StoredRecord {
  const packed = packValue(value, codec);
  const fields = { codec: packed.codec, rawLength: value.length, contentType };
  const meta = encodeRecordMeta({ kind: 'value', version, ...fields, ...(deadline !== undefined && { deadline }) });
  return { meta, value: packed.bytes };
}

/** The value as it is stored: compressed, where that is worthwhile. */
export function packValue(value: Uint8Array, codec: Codec): PackedValue {
  const compressed = compress(value, codec);
  const used = compressed === undefined ? valueCodecs.plain : codec.id;
  return { codec: used, rawLength: value.length, bytes: compressed ?? value };
}

/** @throws TypeError for a codec that this member does not have */
export function unpackValue({ codec: used, rawLength, bytes }: PackedValue, codec: Codec): Uint8Array {
  if (used === valueCodecs.plain) return bytes;
  if (used !== codec.id) throw new TypeError(`a value is stored with codec ${used}, known is ${codec.id}`);
  const value = new Uint8Array(rawLength);
  const length = codec.decompress(bytes, value);
  if (length !== value.length) throw new TypeError(`a value of ${value.length} bytes decompressed to ${length}`);
  return value;
}

export function tombstoneRecord(version: Version): StoredRecord {
  return { meta: encodeRecordMeta({ kind: 'tombstone', version }), value: new Uint8Array(0) };
}

/**
 * The value as its client wrote it; `undefined` for a tombstone, and for a value that is one by now or whose bytes are
 * gone.
 * @param nowMs milliseconds since 1970, what deadlines are held against
 * @throws TypeError for a codec that this member does not have
 */
export function openRecord(record: StoredRecord, codec: Codec, nowMs: number): OpenedValue | undefined {
  const meta = decodeRecordMeta(record.meta);
  if (meta.kind === 'tombstone') return undefined;
  if (meta.kind !== 'value') throw new TypeError(`a ${meta.kind} is no value`);
  if (isPast(meta.deadline, nowMs) || isDropped(record)) return undefined;
  const value = unpackValue({ ...meta, bytes: record.value }, codec);
  return { meta: { ...meta, codec: valueCodecs.plain }, value };
}

/** Whether a record says that its key is deleted, apart from any deadline: a tombstone, or a set without siblings. */
export function isDeletion(meta: Uint8Array): boolean {
  if (isTombstoneMeta(meta)) return true;
  if (!isSiblingSetMeta(meta)) return false;
  const decoded = decodeRecordMeta(meta);
  return decoded.kind === 'sibling-set' && decoded.siblings === 0;
}

/** Whether the record is a tombstone because its time to live is over. */
export function isExpired({ meta }: Pick<StoredRecord, 'meta'>, nowMs: number): boolean {
  return isPast(deadlineOfMeta(meta), nowMs);
}

/**
 * Whether the record is a value whose bytes are gone: whoever stored it held its deadline for past and gave the room
 * back. No other record looks so, for what has a length takes at least a byte, compressed or not.
 */
export function isDropped({ meta, value }: StoredRecord): boolean {
  if (value.length > 0 || isTombstoneMeta(meta)) return false;
  const decoded = decodeRecordMeta(meta);
  return decoded.kind === 'value' && decoded.rawLength > 0;
}

function isPast(deadline: number | undefined, nowMs: number): boolean {
  return deadline !== undefined && deadline <= nowMs;
}

/** Whether these bytes, from another member, are a record meta of a version that this one understands. */
export function isRecordMeta(meta: Uint8Array): boolean {
  try {
    decodeRecordMeta(meta);
    return true;
  } catch {
    return false;
  }
}

/** `undefined` when compression saves less than 12.5 %: what is read often is then not decompressed for nothing. */
function compress(value: Uint8Array, codec: Codec): Uint8Array | undefined {
  if (codec.id === valueCodecs.plain || value.length < smallestCompressed) return undefined;
  const compressed = codec.compress(value);
  return compressed.length <= value.length - value.length / 8 ? copyBytes(compressed) : undefined;
}
