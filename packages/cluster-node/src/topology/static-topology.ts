/** The topology that the configuration names, for as long as members neither join nor leave: epoch 1. */
import { allocate, type Ring, type Server, shares, tokenOf } from '@kv/hash-ring';
import type { Topology, TopologySource } from './topology.ts';
import { checkTopologyConfig, type KeyspaceConfig, type MemberConfig, type TopologyConfig } from './topology-config.ts';

export class StaticTopology implements TopologySource {
  readonly current: Topology;

  /** @throws ClusterNodeError INVALID_TOPOLOGY */
  constructor(config: TopologyConfig) {
    checkTopologyConfig(config);
    this.current = new ConfiguredTopology(config);
  }
}

/** Every member computes the same ring from the same configuration: the allocator is deterministic. */
class ConfiguredTopology implements Topology {
  readonly epoch = 1;
  readonly config: TopologyConfig;
  readonly #ring: Ring;
  readonly #members: ReadonlyMap<string, MemberConfig>;
  readonly #keyspaces: ReadonlyMap<string, KeyspaceConfig>;
  readonly #keyspacesById: ReadonlyMap<number, KeyspaceConfig>;
  /** Of each number of replicas, the owners of every partition. */
  readonly #owners: ReadonlyMap<number, readonly (readonly string[])[]>;
  /** Of each number of replicas and member, its part of the copies and their number. */
  readonly #shares: ReadonlyMap<number, ReadonlyMap<string, { share: number; copies: number }>>;

  constructor(config: TopologyConfig) {
    const { members, keyspaces, partitions } = config;
    const counts = [...new Set(keyspaces.map(({ replicas }) => replicas))];
    this.config = config;
    this.#ring = allocate({ servers: members.map(serverOf), partitions, copies: Math.max(...counts) });
    this.#members = new Map(members.map((member) => [member.id, member]));
    this.#keyspaces = new Map(keyspaces.map((keyspace) => [keyspace.name, keyspace]));
    this.#keyspacesById = new Map(keyspaces.map((keyspace) => [keyspace.id, keyspace]));
    this.#owners = new Map(counts.map((replicas) => [replicas, ownersIn(this.#ring, replicas)]));
    this.#shares = new Map(counts.map((replicas) => [replicas, sharesIn(this.#ring, replicas)]));
  }

  member(id: string): MemberConfig | undefined {
    return this.#members.get(id);
  }

  keyspace(name: string): KeyspaceConfig | undefined {
    return this.#keyspaces.get(name);
  }

  keyspaceById(id: number): KeyspaceConfig | undefined {
    return this.#keyspacesById.get(id);
  }

  partitionOf(key: Uint8Array): number {
    return this.#ring.partitionOf(tokenOf(key));
  }

  owners({ replicas }: KeyspaceConfig, partition: number): readonly string[] {
    return this.#owners.get(replicas)?.[partition] ?? [];
  }

  ownerTable(): readonly number[] {
    const places = new Map(this.config.members.map(({ id }, index) => [id, index]));
    return partitionsOf(this.#ring).map((partition) => places.get(this.#ring.ownerOf(partition).id) ?? 0);
  }

  shareOf(id: string, { replicas }: KeyspaceConfig): { share: number; copies: number } {
    return this.#shares.get(replicas)?.get(id) ?? { share: 0, copies: 0 };
  }
}

function serverOf({ id, weight = 1, rack, dataCentre }: MemberConfig): Server {
  return { id, weight, ...(rack !== undefined && { rack }), ...(dataCentre !== undefined && { dataCentre }) };
}

function ownersIn(ring: Ring, replicas: number): readonly (readonly string[])[] {
  const lists = ring.preferenceLists(replicas);
  return partitionsOf(ring).map((partition) => lists.of(partition).map(({ id }) => id));
}

function sharesIn(ring: Ring, replicas: number): ReadonlyMap<string, { share: number; copies: number }> {
  const held = shares(ring, replicas);
  return new Map(held.map(({ server, copies, copyShare }) => [server.id, { share: copyShare / replicas, copies }]));
}

function partitionsOf({ partitions }: Ring): number[] {
  return Array.from({ length: partitions }, (_, partition) => partition);
}
