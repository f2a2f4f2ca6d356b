/**
 * Who owns what: the members of the cluster, its keyspaces, and which servers hold a key. Gossip says who is up; this
 * says who is responsible. Every request is planned from one topology and carries its epoch.
 */
import type { KeyspaceConfig, MemberConfig, TopologyConfig } from './topology-config.ts';

export interface Topology {
  /** Raised by one with every change. */
  readonly epoch: number;
  readonly config: TopologyConfig;
  member(id: string): MemberConfig | undefined;
  keyspace(name: string): KeyspaceConfig | undefined;
  keyspaceById(id: number): KeyspaceConfig | undefined;
  partitionOf(key: Uint8Array): number;
  /** The N distinct servers that hold the partition's keys, in the order of the preference list. */
  owners(keyspace: KeyspaceConfig, partition: number): readonly string[];
  /** Of each partition, the index in `config.members` of the server that owns its virtual node. */
  ownerTable(): readonly number[];
  /** Of one member: its part of all stored copies, 0 to 1, and how many copies of partitions it holds. */
  shareOf(id: string, keyspace: KeyspaceConfig): { readonly share: number; readonly copies: number };
}

/** Where a member gets its topology from. Today it is read from the configuration once and stays at epoch 1. */
export interface TopologySource {
  readonly current: Topology;
}
