/** The part of the storage where a scan finds its keys. */
import { compareKeys } from '@kv/anti-entropy';
import { copyBytes, dataRange, encodeDataKey, type KeyRange, type ScanBounds } from '@kv/wire';
import type { Range } from '../repair/range-trees.ts';

/** Storage keys between two bounds, as the storage engine takes them. */
export interface StorageRange {
  readonly gte?: Uint8Array;
  readonly gt?: Uint8Array;
  readonly lt: Uint8Array;
}

/** Of the bounds, those that a key of one partition meets. `after`: only what is behind it. */
export function storageRange(range: Range, bounds: ScanBounds, after: Uint8Array | undefined): StorageRange {
  const { partition, keyspaceId } = range;
  const all = dataRange(partition, keyspaceId);
  const storageKey = (key: Uint8Array): Uint8Array => encodeDataKey(partition, keyspaceId, key);
  const first = latest(bounds.gte, bounds.prefix);
  const begin = first.length === 0 ? all.gte : storageKey(first);
  const end = earliest(bounds.lt, successorOf(bounds.prefix));
  const lt = end === undefined ? all.lt : storageKey(end);
  if (after === undefined) return { gte: begin, lt };
  const behind = storageKey(after);
  return compareKeys(behind, begin) < 0 ? { gte: begin, lt } : { gt: behind, lt };
}

/** All storage keys between the bounds of a request. */
export function storedKeys(range: Range, request: ScanBounds & { readonly after?: Uint8Array | undefined }): KeyRange {
  const { gte, gt, lt } = storageRange(range, request, request.after);
  return { gte: gt ?? gte ?? dataRange(range.partition, range.keyspaceId).gte, lt };
}

/** Whether a key is one that the scan looks for. */
export function isWithin(key: Uint8Array, { prefix, gte, lt }: ScanBounds): boolean {
  if (key.length < prefix.length || compareKeys(key.subarray(0, prefix.length), prefix) !== 0) return false;
  return (gte === undefined || compareKeys(key, gte) >= 0) && (lt === undefined || compareKeys(key, lt) < 0);
}

/** The first key behind all that begin with `prefix`; `undefined`: there is none. */
function successorOf(prefix: Uint8Array): Uint8Array | undefined {
  const last = prefix.findLastIndex((byte) => byte < 0xff);
  if (last < 0) return undefined;
  const end = copyBytes(prefix.subarray(0, last + 1));
  end[last] = (end[last] ?? 0) + 1;
  return end;
}

function latest(a: Uint8Array | undefined, b: Uint8Array): Uint8Array {
  return a !== undefined && compareKeys(a, b) > 0 ? a : b;
}

function earliest(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareKeys(a, b) < 0 ? a : b;
}
