/** Sorted lists of key ranges that do not overlap: who covers a key, and what several lists cover together. */

import { compareBytes } from './bytes.ts';
import { MAX_KEY_BYTES } from './entry.ts';
import type { KeyRange } from './versioned-entry.ts';

/** The range that covers the key. `ranges`: in key order, not overlapping. */
export function rangeCovering<R extends KeyRange>(ranges: readonly R[], key: Uint8Array): R | undefined {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes((ranges[middle] as R).from, key) <= 0) low = middle + 1;
    else high = middle;
  }
  const last = ranges[low - 1];
  return last !== undefined && endsAfter(last.to, key) ? last : undefined;
}

/** `ranges`: in key order, not overlapping. */
export function coversKey(ranges: readonly KeyRange[], key: Uint8Array): boolean {
  return rangeCovering(ranges, key) !== undefined;
}

/** What lists of ranges cover together: in key order, with gaps between. Neither the lists need be so. */
export function mergeRanges(lists: readonly (readonly KeyRange[])[]): KeyRange[] {
  const sorted = lists.flat().sort((left, right) => compareBytes(left.from, right.from));
  const merged: KeyRange[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last === undefined || !reaches(last.to, range.from)) merged.push(range);
    else if (endsAfter(range.to, last.to)) merged[merged.length - 1] = { from: last.from, to: range.to };
  }
  return merged;
}

/** The first key behind another one, among those that are not too long; `undefined`: there is none. */
export function keyAfter(key: Uint8Array): Uint8Array | undefined {
  if (key.length < MAX_KEY_BYTES) {
    const next = new Uint8Array(key.length + 1);
    next.set(key);
    return next;
  }
  const last = key.subarray(0, MAX_KEY_BYTES).findLastIndex((byte) => byte < 0xff);
  if (last < 0) return undefined;
  const next = new Uint8Array(key.subarray(0, last + 1));
  next[last] = (next[last] as number) + 1;
  return next;
}

/** Whether a range that ends at `to` has an end behind `other`, where `undefined` is behind everything. */
function endsAfter(to: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (other === undefined) return false;
  return to === undefined || compareBytes(to, other) > 0;
}

/** Whether there is no gap between a range that ends at `to` and one that begins at `from`. */
function reaches(to: Uint8Array | undefined, from: Uint8Array): boolean {
  return to === undefined || compareBytes(to, from) >= 0;
}
