import type { Digest, MemberState } from '../members/member-state.ts';

/**
 * One exchange, as in Cassandra: three messages after which both sides hold the newer of every state they compared.
 *
 *     syn   what I know, as versions
 *     ack   what you lack, as states, and the versions of what I lack
 *     ack2  what you lacked, as states
 *
 * Each message also names the members that its sender suspects or holds down.
 */
export type GossipMessage = GossipSyn | GossipAck | GossipAck2;

interface MessageHead {
  readonly clusterId: string;
  /** Ids of members that the sender holds suspect or down: its confirmation of the receiver's own suspicion. */
  readonly suspects: readonly string[];
}

/** Opens an exchange. */
export interface GossipSyn extends MessageHead {
  readonly type: 'gossip-syn';
  readonly digests: readonly Digest[];
}

/** Answers a {@link GossipSyn}. */
export interface GossipAck extends MessageHead {
  readonly type: 'gossip-ack';
  /** Wanted: the sender asks for states newer than these. */
  readonly digests: readonly Digest[];
  readonly states: readonly MemberState[];
}

/** Closes an exchange; also sent unasked by a member that leaves. */
export interface GossipAck2 extends MessageHead {
  readonly type: 'gossip-ack2';
  readonly states: readonly MemberState[];
}
