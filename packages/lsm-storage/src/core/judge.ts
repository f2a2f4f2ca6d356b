/** Has the caller judge a version that comes in against what the engine holds of its key. */

import type { Decide, Merged, Offered } from './entry.ts';
import { findEntry } from './read/find-entry.ts';
import { isTombstone, readValue } from './read/read-value.ts';
import type { StoreVersion } from './store/store-version.ts';

export interface Judgement {
  /** The meta held, a view; `undefined`: the engine holds nothing. */
  readonly held: Uint8Array | undefined;
  readonly decision: 'keep' | 'replace' | Merged;
}

/** Looks at everything written so far, acknowledged or not. What is not in memory is read within the call. */
export function judge(
  version: StoreVersion,
  key: Uint8Array,
  hash: number,
  offered: Offered,
  decide: Decide,
  now: number,
): Judgement {
  const found = findEntry(version, key, Number.POSITIVE_INFINITY, 'disk', hash);
  const dead = found === undefined || isTombstone(found, now);
  const held = dead && found?.meta.length === 0 ? undefined : found?.meta;
  const decision = decide(held, offered.meta, () => (dead ? undefined : readValue(found.value, version, 'disk')));
  return { held, decision };
}
