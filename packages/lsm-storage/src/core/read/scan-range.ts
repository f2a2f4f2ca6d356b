/** What the bounds of a scan come to: where a cursor begins, and where the range ends. */

import { compareBytes, copyBytes } from '../bytes.ts';
import { checkBytes } from '../check-bytes.ts';
import type { ScanRange } from '../entry.ts';
import { StorageError } from '../errors.ts';
import type { CursorStart } from '../sorted-run/run-cursor.ts';

export interface PrefixedRange extends ScanRange {
  /** Only keys that begin with these bytes; narrows the bounds that are given beside it. */
  readonly prefix?: Uint8Array;
}

/** Throws `INVALID_ARGUMENT` for bounds that are no byte strings, and for a limit that is none. */
export function checkScan({ gte, gt, lte, lt, prefix, limit }: PrefixedRange): void {
  for (const bound of [gte, gt, lte, lt, prefix]) if (bound !== undefined) checkBytes('key', bound);
  if (limit === undefined || (limit >= 0 && (Number.isInteger(limit) || limit === Infinity))) return;
  throw new StorageError('INVALID_ARGUMENT', `limit must be an integer of at least 0, got ${limit}`);
}

/** The range of keys that begin with a prefix, within the bounds that are given. */
export function withPrefix(options: PrefixedRange): ScanRange {
  const { prefix } = options;
  if (prefix === undefined) return options;
  const end = prefixEnd(prefix);
  const { gte, gt, lte, lt, ...rest } = options;
  const low = gt ?? gte;
  const high = lt ?? lte;
  const lowHolds = low !== undefined && compareBytes(low, prefix) >= 0;
  const highHolds = high !== undefined && (end === undefined || compareBytes(high, end) < 0);
  return {
    ...rest,
    ...(lowHolds ? { ...(gt !== undefined ? { gt } : gte !== undefined && { gte }) } : { gte: prefix }),
    ...(highHolds
      ? { ...(lt !== undefined ? { lt } : lte !== undefined && { lte }) }
      : end !== undefined && { lt: end }),
  };
}

/** The first byte string behind all that begin with `prefix`; `undefined`: there is none. */
function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  const last = prefix.findLastIndex((byte) => byte < 0xff);
  if (last < 0) return undefined;
  const end = copyBytes(prefix.subarray(0, last + 1));
  end[last] = (end[last] as number) + 1;
  return end;
}

/** Where a cursor begins to go through a range. */
export function startOf(range: ScanRange): CursorStart {
  const reverse = range.reverse ?? false;
  const exclusive = reverse ? range.lt : range.gt;
  const inclusive = reverse ? range.lte : range.gte;
  return { key: copied(exclusive ?? inclusive), inclusive: exclusive === undefined, reverse };
}

/** Tells of a key in the order of iteration whether it lies beyond the far bound. */
export function endOf(range: ScanRange): (key: Uint8Array) => boolean {
  const reverse = range.reverse ?? false;
  const direction = reverse ? -1 : 1;
  const exclusive = copied(reverse ? range.gt : range.lt);
  const inclusive = copied(reverse ? range.gte : range.lte);
  if (exclusive !== undefined) return (key) => compareBytes(key, exclusive) * direction >= 0;
  if (inclusive !== undefined) return (key) => compareBytes(key, inclusive) * direction > 0;
  return () => false;
}

function copied(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined ? undefined : copyBytes(bytes);
}
