/** What a member tells of itself and of what it believes of the others. */
import type { StorageStats } from '@kv/lsm-storage/core';
import type { Identity, TopologyKeyspace, TopologyMember } from '@kv/wire';
import type { ClockOffset } from './clock/clock-offsets.ts';
import type { MemberClocks } from './clock/member-clocks.ts';
import type { Counters } from './counters.ts';
import type { HintStatus } from './hints/hinted-handoff.ts';
import type { Membership } from './membership/membership.ts';
import type { PurgeDebt } from './purge/purger.ts';
import type { RepairDebt } from './repair/repairer.ts';
import type { Topology } from './topology/topology.ts';

export interface NodeStatus {
  readonly clusterId: string;
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly generation: number;
  readonly epoch: number;
  readonly partitions: number;
  /** Whether it serves requests. */
  readonly ready: boolean;
  /** How far the hybrid logical clock is ahead of the wall clock, in milliseconds. */
  readonly clockAheadMs: number;
  /** What the clock that deadlines and stamps of clients are held against is ahead of the wall clock; negative: behind. */
  readonly clockCorrectionMs: number;
  /** Of the other members' wall clocks from this one's, as far as they were heard lately. */
  readonly clockOffsets: readonly ClockOffset[];
  readonly members: readonly MemberStatus[];
  readonly keyspaces: readonly TopologyKeyspace[];
  readonly storage: StorageStats;
  /** Milliseconds since this member began to refuse writes because its disk is full; absent while there is room. */
  readonly diskFullForMs?: number;
  /** The range and the other owner with whom it was compared the longest ago; absent when nobody else owns anything. */
  readonly repairDebt?: RepairDebt;
  /** The range whose deletions could not be forgotten for the longest time, and who holds them back; absent when none does. */
  readonly purgeDebt?: PurgeDebt;
  /** Ranges of which something rotted on this member's disk and has not come back from their other owners yet. */
  readonly lostRanges: number;
  /** What is kept here for owners that are away, and what was handed over since this member started. */
  readonly hints: readonly HintStatus[];
  /** Bytes that requests coordinated here hold at the moment. */
  readonly requestBytes: number;
  readonly counters: Counters;
}

export interface MemberStatus {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  /** The answering member's opinion. A member that was not heard since it started is `down` to it. */
  readonly state: 'alive' | 'suspect' | 'down';
  /** Its part of all stored copies of the first keyspace, 0 to 1. */
  readonly share: number;
  /** Copies of partitions that it holds for the first keyspace. */
  readonly copies: number;
  readonly weight: number;
  /** Whether it is one of those of whom a majority decides about the topology. */
  readonly voter: boolean;
  readonly rack?: string;
  readonly dataCentre?: string;
  /** As last heard; absent when it was not heard since the answering member started. */
  readonly generation?: number;
}

export interface StatusSources {
  readonly identity: Identity;
  readonly topology: Topology;
  readonly membership: Membership;
  readonly clocks: MemberClocks;
  readonly wallMs: number;
  readonly ready: boolean;
  readonly storage: StorageStats;
  readonly diskFullForMs: number | undefined;
  readonly repairDebt: RepairDebt | undefined;
  readonly purgeDebt: PurgeDebt | undefined;
  readonly lostRanges: number;
  readonly hints: readonly HintStatus[];
  readonly requestBytes: number;
  readonly counters: Counters;
}

export function statusOf(sources: StatusSources): NodeStatus {
  const { identity, topology, clocks, wallMs, diskFullForMs, repairDebt, purgeDebt } = sources;
  const { clusterId, partitions, members, keyspaces } = topology.state;
  const [keyspace] = keyspaces;
  const self = topology.member(identity.nodeId);
  return {
    clusterId,
    id: identity.nodeId,
    name: self?.name ?? '',
    address: self?.address ?? '',
    generation: identity.generation,
    epoch: topology.epoch,
    partitions,
    ready: sources.ready,
    clockAheadMs: Math.max(0, clocks.hlc.latest.ms - wallMs),
    clockCorrectionMs: Math.round(clocks.offsets.correctionMs),
    clockOffsets: clocks.offsets.all(),
    members: members.map((member) => memberStatus(member, sources, keyspace)),
    keyspaces,
    storage: sources.storage,
    ...(diskFullForMs !== undefined && { diskFullForMs }),
    ...(repairDebt !== undefined && { repairDebt }),
    ...(purgeDebt !== undefined && { purgeDebt }),
    lostRanges: sources.lostRanges,
    hints: sources.hints,
    requestBytes: sources.requestBytes,
    counters: { ...sources.counters },
  };
}

function memberStatus(
  { id, name, weight, rack, dataCentre }: TopologyMember,
  { identity, topology, membership }: StatusSources,
  keyspace: TopologyKeyspace | undefined,
): MemberStatus {
  const state = membership.stateOf(id);
  const generation = id === identity.nodeId ? identity.generation : membership.viewOf(id)?.generation;
  const { share, copies } = keyspace === undefined ? { share: 0, copies: 0 } : topology.shareOf(id, keyspace);
  return {
    id,
    name,
    address: membership.addressOf(id),
    state: state === 'unheard' ? 'down' : state,
    share,
    copies,
    weight,
    voter: topology.state.voters.includes(id),
    ...(rack !== undefined && { rack }),
    ...(dataCentre !== undefined && { dataCentre }),
    ...(generation !== undefined && { generation }),
  };
}
