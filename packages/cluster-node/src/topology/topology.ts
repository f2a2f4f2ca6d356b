/**
 * Who owns what: the members of the cluster, its keyspaces, and which servers hold a key. Gossip says who is up; this
 * says who is responsible. Every request is planned from one topology and carries its epoch.
 */
import type { TopologyKeyspace, TopologyMember, TopologyState } from '@kv/wire';

export interface Topology {
  /** Raised by one with every change. */
  readonly epoch: number;
  readonly state: TopologyState;
  member(id: string): TopologyMember | undefined;
  keyspace(name: string): TopologyKeyspace | undefined;
  keyspaceById(id: number): TopologyKeyspace | undefined;
  partitionOf(key: Uint8Array): number;
  /** The N distinct servers that hold the partition's keys, in the order of the preference list. */
  owners(keyspace: TopologyKeyspace, partition: number): readonly string[];
  /** All other members, in the order in which they stand in for owners that are down (Dynamo §4.6). */
  fallbacks(keyspace: TopologyKeyspace, partition: number): readonly string[];
  /** Of one member: its part of all stored copies, 0 to 1, and how many copies of partitions it holds. */
  shareOf(id: string, keyspace: TopologyKeyspace): { readonly share: number; readonly copies: number };
}

/** Where a member gets its topology from. */
export interface TopologySource {
  readonly current: Topology;
}
