/**
 * The three steps of a gossip exchange (van Renesse et al. 1998, as in Cassandra): what I know of, what I want and what
 * you lack, what you wanted. Every list holds at most 1024 entries, every id is a UUID.
 *
 * Each exchange also tells how far two wall clocks are apart (Cristian 1989): an ack answers its syn under the same operation
 * id, and says what time it is, so that whoever asked knows it to within the time that it waited.
 */
import { text } from '../layout/byte-strings.ts';
import { list, struct } from '../layout/composites.ts';
import { uuid } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { choice, constant, u48, u64 } from '../layout/scalars.ts';

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
  /** Milliseconds since 1970 by the sender's wall clock, rounded down: not its stamp, which may be ahead of that. */
  readonly wallMs: number;
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

const maxEntries = 1024;
const suspects = list(uuid, maxEntries);
const digests = list(struct<GossipDigest>({ id: uuid, generation: u64, heartbeat: u64 }), maxEntries);
const states = list(
  struct<GossipState>({
    id: uuid,
    generation: u64,
    heartbeat: u64,
    status: choice<GossipStatus>({ joining: 1, normal: 2, leaving: 3, left: 4 }),
    address: text(255),
  }),
  maxEntries,
);

export const gossipSyn: Layout<GossipSyn> = struct<GossipSyn>({
  type: constant('gossip-syn'),
  clusterId: uuid,
  digests,
  suspects,
});

export const gossipAck: Layout<GossipAck> = struct<GossipAck>({
  type: constant('gossip-ack'),
  clusterId: uuid,
  wallMs: u48,
  digests,
  states,
  suspects,
});

export const gossipAck2: Layout<GossipAck2> = struct<GossipAck2>({
  type: constant('gossip-ack2'),
  clusterId: uuid,
  states,
  suspects,
});
