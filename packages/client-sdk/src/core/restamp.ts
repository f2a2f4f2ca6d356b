/**
 * The same write under another version: made when a node refused the first one, and only while it is certain that no
 * node took it. Then the two are one write to everybody else.
 */
import type { Message } from '@kv/wire';
import type { KvErrorCode } from './errors.ts';
import type { WriteClock } from './write-clock.ts';

/** Why a stamp was not taken: too far ahead, or so far behind that what has it may be forgotten. */
export type StampRefusal = 'STAMP_TOO_FAR_AHEAD' | 'OPERATION_FORGOTTEN' | 'WRITE_TOO_OLD';

export type Restamp = (because: StampRefusal) => Message;

export function refusesStamp(code: KvErrorCode): code is StampRefusal {
  return code === 'STAMP_TOO_FAR_AHEAD' || code === 'OPERATION_FORGOTTEN' || code === 'WRITE_TOO_OLD';
}

/** @param message the write under a stamp of now */
export function restampedBy(clock: WriteClock, message: () => Message): Restamp {
  return (because) => {
    if (because === 'STAMP_TOO_FAR_AHEAD') clock.refusedAsAhead();
    return message();
  };
}
