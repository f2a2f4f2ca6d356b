/**
 * The three steps of a gossip exchange (van Renesse et al. 1998, as in Cassandra): what I know of, what I want and what
 * you lack, what you wanted. Every list holds at most 1024 entries, every id is a UUID.
 */

/** How much of a member the sender knows. */
export interface GossipDigest {
  readonly id: string;
  /** Integer in [0, 2^53), raised at every start of the member. */
  readonly generation: number;
  /** Integer in [0, 2^53), raised by the member itself while it runs. */
  readonly heartbeat: number;
}

export type GossipStatus = 'joining' | 'normal' | 'leaving' | 'left';

/** All that gossip carries of a member. */
export interface GossipState extends GossipDigest {
  readonly status: GossipStatus;
  /** Where peers and clients reach the member, at most 255 bytes. */
  readonly address: string;
}

export interface GossipSyn {
  readonly type: 'gossip-syn';
  readonly clusterId: string;
  readonly digests: readonly GossipDigest[];
  /** Members that the sender suspects. */
  readonly suspects: readonly string[];
}

export interface GossipAck {
  readonly type: 'gossip-ack';
  readonly clusterId: string;
  /** What the sender knows of the members that it wants newer states of. */
  readonly digests: readonly GossipDigest[];
  /** States that the receiver lacks. */
  readonly states: readonly GossipState[];
  readonly suspects: readonly string[];
}

export interface GossipAck2 {
  readonly type: 'gossip-ack2';
  readonly clusterId: string;
  /** States that the receiver asked for. */
  readonly states: readonly GossipState[];
  readonly suspects: readonly string[];
}
