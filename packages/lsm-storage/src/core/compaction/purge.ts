/**
 * What becomes of an entry when a job writes it anew. From its deadline on it is a tombstone of the same meta. A
 * tombstone with meta hides older versions from whoever compares metas, so it stays until the caller's rules release
 * its version; then, like one that never had a meta, it stays until nothing older is left that it could hide.
 */

import { compareRange } from '../bytes.ts';
import type { Disposal, PurgeRules } from '../jobs/job.ts';
import { rangeCovering } from '../key-ranges.ts';
import type { VersionedEntry } from '../versioned-entry.ts';

const NO_META: Uint8Array = new Uint8Array(0);

/** What is left of an entry without its value. */
export interface Tombstone extends VersionedEntry {
  readonly value: undefined;
}

/** The entry as it is to be written: the same object if nothing of it changes; `undefined`: not at all. */
export function disposed<E extends VersionedEntry>(entry: E, disposal: Disposal): E | Tombstone | undefined {
  const { key, meta, deadline, value } = entry;
  if (value !== undefined && (deadline === 0 || deadline > disposal.now)) return entry;
  if (meta.length > 0 && !mayBePurged(key, meta, disposal.purge)) {
    return value === undefined ? entry : { key, meta, deadline, value: undefined };
  }
  if (disposal.oldest) return undefined;
  const isPlain = value === undefined && meta.length === 0 && deadline === 0;
  return isPlain ? entry : { key, meta: NO_META, deadline: 0, value: undefined };
}

function mayBePurged(key: Uint8Array, meta: Uint8Array, { versionAt, rules }: PurgeRules): boolean {
  const end = versionAt.offset + versionAt.length;
  if (meta.length < end) return false;
  const rule = rangeCovering(rules, key);
  return rule !== undefined && compareRange(meta, versionAt.offset, end, rule.upTo) <= 0;
}
