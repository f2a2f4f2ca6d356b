/**
 * A write that owners refused for its age: what was deleted since it was stamped may be forgotten. Whether it was made before,
 * nobody knows; to try it again is of no use.
 */
import type { WriteResult } from '@kv/quorum';
import { belowWatermark } from '../purge/below-watermark.ts';

export function namingAge<Result extends WriteResult>(result: Result): Result {
  const isTooOld = result.receipt.replicas.some(({ reason }) => reason === belowWatermark.code);
  return isTooOld && result.outcome === 'unknown' ? { ...result, reason: 'write-too-old' } : result;
}
