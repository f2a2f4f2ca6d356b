/**
 * How the voters of the topology register are asked: the two rounds of CASPaxos, whose acceptor is in `@kv/quorum`. The
 * value is a whole topology. And how those who are to go by it are told, and say that they do.
 */
import type { AcceptorReply, Ballot } from '@kv/quorum';
import { list, oneOf, optional, struct } from '../layout/composites.ts';
import { ballot, uuid } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { constant, u64 } from '../layout/scalars.ts';
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

/** To a member: an epoch that was decided. */
export interface TopologyAdopt {
  readonly type: 'topology-adopt';
  readonly topology: TopologyState;
}

/** Sent once the member goes by this epoch or a later one, durably. */
export interface TopologyAdopted {
  readonly type: 'topology-adopted';
  readonly epoch: number;
}

/** To a client: a change that is decided, and is not gone by everywhere yet. */
export interface TopologyBehind {
  readonly type: 'topology-behind';
  readonly topology: TopologyState;
  /** Ids of the members that are not known to go by it, at most 1024. */
  readonly behind: readonly string[];
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

export const topologyAdopt: Layout<TopologyAdopt> = struct<TopologyAdopt>({
  type: constant('topology-adopt'),
  topology: topologyState,
});

export const topologyAdopted: Layout<TopologyAdopted> = struct<TopologyAdopted>({
  type: constant('topology-adopted'),
  epoch: u64,
});

export const topologyBehind: Layout<TopologyBehind> = struct<TopologyBehind>({
  type: constant('topology-behind'),
  topology: topologyState,
  behind: list(uuid, 1024),
});
