/**
 * Cluster membership by gossip: who is a member, where it is reached and whether it is alive, without a leader, a clock or a
 * socket of its own.
 *
 * ```ts
 * const gossiper = new Gossiper({ random }, { id, clusterId, address, generation, seeds });
 * for (const effect of gossiper.tick(now)) carryOut(effect);
 * for (const effect of gossiper.receive(from, message, now)) carryOut(effect);
 * ```
 *
 * @packageDocumentation
 */
export { ArrivalWindow } from './detection/arrival-window.ts';
export { deviationsOfPhi, phiOfDeviations } from './detection/normal-tail.ts';
export { PhiAccrualDetector, type PhiAccrualOptions } from './detection/phi-accrual-detector.ts';
export { Suspicion, type SuspicionBounds, suspicionTimeoutMs } from './detection/suspicion.ts';
export { GossipError, type GossipErrorCode } from './errors.ts';
export type { GossipEffect, Liveness, MemberView, RefusalReason } from './gossip-effect.ts';
export type { GossipStatistics } from './gossip-statistics.ts';
export { type GossipActivity, Gossiper, type GossiperDependencies } from './gossiper.ts';
export type { ForgottenMember, GossiperOptions } from './gossiper-options.ts';
export {
  compareStates,
  type Digest,
  type MemberState,
  type MemberStatus,
  mergeStates,
} from './members/member-state.ts';
export { gossipLimits } from './messages/gossip-limits.ts';
export type { GossipAck, GossipAck2, GossipMessage, GossipSyn } from './messages/gossip-message.ts';
export type { Random } from './random.ts';
