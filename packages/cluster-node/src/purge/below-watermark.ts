/** Whether a record may come in where it lies below what the range's owners sealed, or have purged. */
import { compareStamps, type Stamp, zeroStamp } from '@kv/quorum';
import type { PurgeRecord, Refusal } from '@kv/wire';
import { spentRecords } from './spent-records.ts';

/**
 * Up to where records are refused. What was stamped up to the seal is, from outside. What the owners' own repair brings is not,
 * unless it was read before this member's watermark rose: then its deletion may have been forgotten here since.
 *
 * @param readUnder the watermark of the owner that it was read at; `undefined`: it comes from outside
 */
export function refusedUpTo({ watermark, sealed }: PurgeRecord, readUnder: Stamp | undefined): Stamp {
  if (readUnder === undefined) return sealed;
  return compareStamps(readUnder, watermark) < 0 ? watermark : zeroStamp;
}

/** Of a key of which nothing is stored: what is spent was purged here, and is as good as stored. */
export function isPurged(meta: Uint8Array, { watermark }: PurgeRecord): boolean {
  return spentRecords.isSpent(meta, watermark);
}

/** Whoever gets it must not take it for "nothing was done": the write may be one that was made before, and deleted since. */
export const belowWatermark: Refusal = {
  type: 'error',
  code: 'BELOW_WATERMARK',
  message: 'the write is too old: what was deleted since it was stamped may be forgotten here; nothing was written',
};
