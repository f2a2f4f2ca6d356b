/**
 * Versions, hybrid logical clocks, and the reads and writes of a replicated store as synchronous state machines.
 * @packageDocumentation
 */
export { QuorumError, type QuorumErrorCode } from './errors.ts';
export { HybridLogicalClock, defaultMaxAheadMs } from './hybrid-logical-clock.ts';
export { checkedQuorum, majority } from './levels.ts';
export { type Held, type ReadEffect, type ReadFailure, ReadOperation, type ReadResult } from './read-operation.ts';
export type { Receipt, ReplicaAnswer, ReplicaAnswerKind } from './receipt.ts';
export type { ReplicaPlan } from './replica-plan.ts';
export { compareStamps, isStamp, maxStampCounter, maxStampMs, nextStamp, type Stamp, zeroStamp } from './stamp.ts';
export { Tally, type TallyOutcome } from './tally.ts';
export {
  compareVersions,
  formatVersion,
  isVersion,
  newerOf,
  parseVersion,
  sameVersion,
  type Version,
} from './version.ts';
export {
  type WriteEffect,
  type WriteFailure,
  WriteOperation,
  type WriteOutcome,
  type WriteResult,
} from './write-operation.ts';
