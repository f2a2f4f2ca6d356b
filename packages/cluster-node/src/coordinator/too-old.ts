/**
 * A write that every owner refused for its age: what was deleted since it was stamped may be forgotten. Whether it was
 * made before, nobody knows; to try it again is of no use. This try has made nothing, and nothing will come of it: who
 * tried no other may write anew under a later stamp. Where only some refused, others may have it, or get it later.
 */
import type { ReplicaAnswer, WriteResult } from '@kv/quorum';
import { belowWatermark } from '../purge/below-watermark.ts';

export function namingAge<Result extends WriteResult>(result: Result): Result {
  return result.outcome === 'unknown' && isTooOld(result) ? { ...result, reason: 'write-too-old' } : result;
}

function isTooOld({ receipt: { replicas } }: WriteResult): boolean {
  const owners = replicas.filter(({ role }) => role === 'primary');
  const standIns = replicas.filter(({ role }) => role === 'fallback');
  const asOwners = new Set(owners.map(({ replica }) => replica));
  // An owner that takes no write of this age takes no hint of it either, so it needs not have answered as a stand-in.
  const keepsNothing = (standIn: ReplicaAnswer): boolean =>
    standIn.answer === 'refused' || refusedForAge(standIn) || asOwners.has(standIn.replica);
  return owners.length > 0 && owners.every(refusedForAge) && standIns.every(keepsNothing);
}

function refusedForAge({ reason }: ReplicaAnswer): boolean {
  return reason === belowWatermark.code;
}
