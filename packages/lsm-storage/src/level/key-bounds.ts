/** Level's bounds of a range as the engine has them: an iterator's bounds, or a half-open range of keys. */

import type { KeyRange, ScanRange } from '../core/index.ts';
import { compareBytes } from '../core/bytes.ts';
import { keyAfter } from '../core/key-ranges.ts';
import { bytesOf } from './data.ts';
import type { Data } from './data.ts';

/** Encoded bounds, as `abstract-level` hands them to its implementations. */
export interface Bounds {
  readonly gt?: Data | undefined;
  readonly gte?: Data | undefined;
  readonly lt?: Data | undefined;
  readonly lte?: Data | undefined;
}

type ByteBounds = Pick<ScanRange, 'gt' | 'gte' | 'lt' | 'lte'>;

/** Of two bounds on the same side Level takes the inclusive one. */
export function scanRangeOf({ gt, gte, lt, lte }: Bounds): ByteBounds {
  return {
    ...(gte !== undefined ? { gte: bytesOf(gte) } : gt !== undefined && { gt: bytesOf(gt) }),
    ...(lte !== undefined ? { lte: bytesOf(lte) } : lt !== undefined && { lt: bytesOf(lt) }),
  };
}

/** `undefined`: no key lies within the bounds. */
export function keyRangeOf(bounds: Bounds): KeyRange | undefined {
  const { gt, gte, lt, lte } = scanRangeOf(bounds);
  const from = gt === undefined ? (gte ?? new Uint8Array(0)) : keyAfter(gt);
  if (from === undefined) return undefined;
  const to = lt ?? (lte === undefined ? undefined : keyAfter(lte));
  return to !== undefined && compareBytes(from, to) >= 0 ? undefined : { from, to };
}
