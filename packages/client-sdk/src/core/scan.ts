/** What a scan is asked for, and how a page of it travels. */
import { hashTag } from '@kv/hash-ring';
import { decodeRecordMeta, decodeScanCursor, type Scan, type ScannedEntry, WireError } from '@kv/wire';
import { formatVersion, type Version } from '@kv/quorum';
import { decodeCursor } from './cursor-text.ts';
import { KvError } from './errors.ts';
import { decodeKey, encodeKey, encodePrefix, type Key } from './key.ts';
import type { ReadOptions } from './options.ts';

/** Which keys a scan looks for, in byte order. */
export interface ScanBounds {
  /** Only keys that begin so. With a hash tag in it, as `{user:1}/`, only one partition is asked, and keys come in order. */
  readonly prefix?: Key | undefined;
  /** From `gte`, included, to `lt`, excluded. */
  readonly range?: { readonly gte?: Key | undefined; readonly lt?: Key | undefined } | undefined;
  /** Whether values are read. Default true. */
  readonly values?: boolean | undefined;
}

/** `timeoutMs` is for each page. */
export interface ScanOptions extends ScanBounds, ReadOptions {
  /** Entries at most, over all pages. Default: all there are. */
  readonly limit?: number | undefined;
  /** Entries that are fetched at once, at most 1024. Default 100. */
  readonly pageSize?: number | undefined;
}

export interface PageOptions extends ScanBounds, ReadOptions {
  /** Entries at most, 1 to 1024. Default 100. */
  readonly limit?: number | undefined;
  /** From the page before, with the same prefix and range. Default: from the beginning. */
  readonly cursor?: string | undefined;
}

export interface ScanEntry<Value> {
  /** Text where the key is UTF-8, else bytes. */
  readonly key: Key;
  /** Undefined where values were not wanted. */
  readonly value: Value;
  /** Names the write that stored the value. */
  readonly version: string;
  readonly contentType: string;
  /** Bytes of the stored value. */
  readonly length: number;
  /** Milliseconds since 1970 from which on the key is absent; undefined where it lives for ever. */
  readonly expiresAt: number | undefined;
}

export interface ScanPage<Value> {
  /** May be none, though there are more. */
  readonly entries: readonly ScanEntry<Value>[];
  /** Where the next page goes on; undefined at the end. */
  readonly cursor: string | undefined;
}

/** An entry whose value is still bytes, in memory shared with others. */
export interface EncodedEntry extends Omit<ScanEntry<undefined>, 'value'> {
  readonly bytes: Uint8Array | undefined;
}

const defaultLimit = 100;

/** @throws KvError KEY_EMPTY, KEY_TOO_LONG, KEY_INVALID, INVALID_CURSOR */
export function scanMessage({
  prefix = '',
  range = {},
  values = true,
  limit = defaultLimit,
  cursor,
}: PageOptions): Scan {
  const { gte, lt } = range;
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= 0xffff)) {
    throw new KvError('INVALID_LIMIT', `a page has 1 to 1024 entries, got ${limit}`);
  }
  return {
    type: 'scan',
    prefix: encodePrefix(prefix),
    ...(gte !== undefined && { gte: encodeKey(gte) }),
    ...(lt !== undefined && { lt: encodeKey(lt) }),
    ...(cursor !== undefined && { cursor: decodeCursor(cursor) }),
    limit,
    values,
  };
}

/**
 * Where the page begins: whoever owns that has some of it at hand.
 * @throws KvError INVALID_CURSOR
 */
export function startOf({ prefix, cursor }: Scan, partitionOf: (key: Uint8Array) => number): number {
  if (cursor === undefined) return hashTag(prefix).length < prefix.length ? partitionOf(prefix) : 0;
  try {
    return decodeScanCursor(cursor).partition;
  } catch (error) {
    if (error instanceof WireError) throw new KvError('INVALID_CURSOR', error.message, { cause: error });
    throw error;
  }
}

export function encodedEntry({ key, meta, value }: ScannedEntry): EncodedEntry & { readonly stamp: Version } {
  const decoded = decodeRecordMeta(meta);
  if (decoded.kind !== 'value') throw new TypeError('a node told a tombstone as an entry');
  const { version, contentType, rawLength: length, deadline: expiresAt } = decoded;
  const described = { version: formatVersion(version), contentType, length, expiresAt };
  return { key: decodeKey(key), ...described, bytes: value, stamp: version };
}
