/**
 * Versions, hybrid logical clocks, and the reads and writes of a replicated store as synchronous state machines.
 * @packageDocumentation
 */
export { QuorumError, type QuorumErrorCode, SiblingError, type SiblingErrorCode } from './errors.ts';
export {
  type HintAdmission,
  type HintGroup,
  HintLedger,
  type HintLimits,
  type HintTotals,
} from './hints/hint-ledger.ts';
export { HintWindow, type HintWindowOptions } from './hints/hint-window.ts';
export { HybridLogicalClock, defaultMaxAheadMs } from './hybrid-logical-clock.ts';
export { HedgeBudget } from './latency/hedge-budget.ts';
export { LatencyTracker } from './latency/latency-tracker.ts';
export {
  answersNeeded,
  type AskedQuorum,
  checkedQuorum,
  type ConsistencyLevel,
  consistencyLevels,
  isConsistencyLevel,
  majority,
} from './levels.ts';
export { type Held, type ReadEffect, type ReadFailure, ReadOperation, type ReadResult } from './read-operation.ts';
export { noRepairs, type Receipt, type Repairs, type ReplicaAnswer, type ReplicaAnswerKind } from './receipt.ts';
export { reachableServers, type ReplicaPlan } from './replica-plan.ts';
export {
  accept,
  type Accepted,
  type AcceptorReply,
  type AcceptorState,
  type AcceptorStep,
  emptyAcceptor,
  prepare,
} from './register/acceptor.ts';
export { type Ballot, compareBallots, higherBallot } from './register/ballot.ts';
export {
  noOperations,
  type OperationMemory,
  recall,
  type Recollection,
  remember,
} from './register/operation-memory.ts';
export {
  type Change,
  type RegisterEffect,
  type RegisterFailure,
  RegisterOperation,
  type RegisterOptions,
  type RegisterRequest,
  type RegisterResult,
} from './register/register-operation.ts';
export {
  RegisterRead,
  type RegisterReadEffect,
  type RegisterReadResult,
  type RegisterView,
} from './register/register-read.ts';
export { type Part, primary, RequestLedger } from './request-ledger.ts';
export { Voters } from './register/voters.ts';
export { type Believer, believedContext } from './siblings/believed-context.ts';
export {
  type FullSet,
  type KnownSet,
  type MergeSets,
  SiblingRead,
  type SiblingReadEffect,
  type SiblingReadResult,
} from './siblings/sibling-read.ts';
export {
  type Context,
  type Dot,
  isWithin,
  mergeSiblings,
  noSiblings,
  type RememberedWrite,
  type Sibling,
  type SiblingLimits,
  type SiblingSet,
  type SiblingWrite,
  visibleSiblings,
  writeSibling,
} from './siblings/sibling-set.ts';
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
