/** An entry on its way through commit log and memtable: owned by the engine, never changed once made. */

import { copyBytes, nameOf } from './bytes.ts';

export interface StoredEntry {
  /** The key as the memtable's hash map knows it. */
  readonly name: string;
  readonly key: Uint8Array;
  readonly meta: Uint8Array;
  /** `undefined`: a tombstone. */
  readonly value: Uint8Array | undefined;
  /** Place in the one order of all writes, from 1. */
  readonly sequence: number;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** What an entry costs in memory beside its bytes: the objects, and its place in map and order. */
const ENTRY_OVERHEAD_BYTES = 200;

/** Copies what it is given. */
export function storedEntry(
  key: Uint8Array,
  meta: Uint8Array | undefined,
  value: Uint8Array | undefined,
  sequence: number,
): StoredEntry {
  return {
    name: nameOf(key),
    key: copyBytes(key),
    meta: meta === undefined ? NO_BYTES : copyBytes(meta),
    value: value === undefined ? undefined : copyBytes(value),
    sequence,
  };
}

/** Memory held by an entry in a memtable, in bytes (the key is held twice: as bytes and as name). */
export function footprint(entry: StoredEntry): number {
  return ENTRY_OVERHEAD_BYTES + 2 * entry.key.length + entry.meta.length + (entry.value?.length ?? 0);
}
