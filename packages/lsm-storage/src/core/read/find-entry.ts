/** A lookup in a version as of a sequence. */

import { checkBytes } from '../check-bytes.ts';
import { hashKey } from '../key-hash.ts';
import { RANGE_DELETED, UNKNOWN } from '../memtable/memtable.ts';
import type { ReadFrom } from '../read-from.ts';
import type { StoreVersion } from '../store/store-version.ts';
import type { VersionedEntry } from '../versioned-entry.ts';

/**
 * The newest entry of a key, tombstones included; `undefined`: nothing is known of it, or a range deleted it. Throws
 * `INVALID_ARGUMENT` for a key that is no byte string.
 */
export function findEntry(
  version: StoreVersion,
  key: Uint8Array,
  upTo: number,
  from: ReadFrom,
  knownHash?: number,
): VersionedEntry | undefined {
  checkBytes('key', key);
  const hash = knownHash ?? hashKey(key);
  const { memtables, runs } = version;
  for (let i = 0; i < memtables.length; i++) {
    const memtable = memtables[i] as (typeof memtables)[number];
    const entry = memtable.find(key, hash, upTo);
    if (entry === RANGE_DELETED) return undefined;
    if (entry !== UNKNOWN) {
      return { key, meta: memtable.meta(entry), deadline: memtable.deadline(entry), value: memtable.value(entry) };
    }
  }
  for (let i = 0; i < runs.length; i++) {
    const run = runs[i] as (typeof runs)[number];
    const entry = run.find(key, hash, from);
    if (entry !== undefined) return entry;
    if (run.description.ranges > 0 && run.deletedByRange(key)) return undefined;
  }
  return undefined;
}
