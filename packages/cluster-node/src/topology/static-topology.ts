/** The topology that the configuration names, for as long as members neither join nor leave: epoch 1. */
import { checkTopologyConfig, type KeyspaceConfig, type MemberConfig, type TopologyConfig } from './topology-config.ts';
import type { Topology, TopologySource } from './topology.ts';

const epoch = 1;

export class StaticTopology implements TopologySource {
  readonly current: Topology;

  /** @throws ClusterNodeError INVALID_TOPOLOGY */
  constructor(config: TopologyConfig) {
    checkTopologyConfig(config);
    this.current = new ConfiguredTopology(config);
  }
}

class ConfiguredTopology implements Topology {
  readonly epoch = epoch;
  readonly config: TopologyConfig;
  constructor(config: TopologyConfig) {
    this.config = config;
  }
  member(id: string): MemberConfig | undefined {
    return this.config.members.find((member) => member.id === id);
  }
  keyspace(name: string): KeyspaceConfig | undefined {
    return this.config.keyspaces.find((keyspace) => keyspace.name === name);
  }
  keyspaceById(id: number): KeyspaceConfig | undefined {
    return this.config.keyspaces.find((keyspace) => keyspace.id === id);
  }
  partitionOf(key: Uint8Array): number {
    let hash = 0x811c9dc5;
    for (const byte of key) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    return hash % this.config.partitions;
  }
  owners(keyspace: KeyspaceConfig, partition: number): readonly string[] {
    const { members } = this.config;
    return Array.from({ length: keyspace.replicas }, (_, i) => members[(partition + i) % members.length]?.id ?? '');
  }
  ownerTable(): readonly number[] {
    return Array.from({ length: this.config.partitions }, (_, partition) => partition % this.config.members.length);
  }
  shareOf(): { share: number; copies: number } {
    return { share: 1 / this.config.members.length, copies: 0 };
  }
}
