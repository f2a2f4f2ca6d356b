/**
 * How the voters of the topology register are asked: the two rounds of CASPaxos, whose acceptor is in `@kv/quorum`. The
 * value is a whole topology.
 */
import type { AcceptorReply, Ballot } from '@kv/quorum';
import { oneOf, optional, struct } from '../layout/composites.ts';
import { ballot } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { constant } from '../layout/scalars.ts';
import { type TopologyState, topologyState } from './topology.ts';

export interface TopologyPrepare {
  readonly type: 'topology-prepare';
  readonly ballot: Ballot;
}

export interface TopologyAccept {
  readonly type: 'topology-accept';
  readonly ballot: Ballot;
  readonly topology: TopologyState;
}

/** Sent once the acceptor's state is durable. */
export interface TopologyReply {
  readonly type: 'topology-reply';
  readonly reply: AcceptorReply<TopologyState>;
}

const acceptedTopology = struct<{ readonly ballot: Ballot; readonly value: TopologyState }>({
  ballot,
  value: topologyState,
});

const reply: Layout<AcceptorReply<TopologyState>> = oneOf<AcceptorReply<TopologyState>, 'type'>('type', {
  promised: [1, { accepted: optional(acceptedTopology) }],
  accepted: [2, {}],
  outbid: [3, { promised: ballot }],
});

export const topologyPrepare: Layout<TopologyPrepare> = struct<TopologyPrepare>({
  type: constant('topology-prepare'),
  ballot,
});

export const topologyAccept: Layout<TopologyAccept> = struct<TopologyAccept>({
  type: constant('topology-accept'),
  ballot,
  topology: topologyState,
});

export const topologyReply: Layout<TopologyReply> = struct<TopologyReply>({
  type: constant('topology-reply'),
  reply,
});
