/** One epoch of the topology, with the ring that its owner table makes. */
import { type Ring, ringOf, shares, tokenOf } from '@kv/hash-ring';
import type { TopologyKeyspace, TopologyMember, TopologyState } from '@kv/wire';
import type { Topology } from './topology.ts';

interface Share {
  readonly share: number;
  readonly copies: number;
}

/** What follows from a number of replicas. */
interface Placement {
  readonly owners: readonly (readonly string[])[];
  /** Of each partition, computed when it is first asked for. */
  readonly fallbacks: (readonly string[] | undefined)[];
  readonly shares: ReadonlyMap<string, Share>;
}

export class RingTopology implements Topology {
  readonly state: TopologyState;
  readonly #ring: Ring;
  readonly #members: ReadonlyMap<string, TopologyMember>;
  readonly #keyspaces: ReadonlyMap<string, TopologyKeyspace>;
  readonly #keyspacesById: ReadonlyMap<number, TopologyKeyspace>;
  /** By number of replicas. */
  readonly #placements = new Map<number, Placement>();

  /** @throws RingError when the owners are not those of a ring */
  constructor(state: TopologyState) {
    const { members, keyspaces, owners } = state;
    this.state = state;
    this.#ring = ringOf(members, owners);
    this.#members = new Map(members.map((member) => [member.id, member]));
    this.#keyspaces = new Map(keyspaces.map((keyspace) => [keyspace.name, keyspace]));
    this.#keyspacesById = new Map(keyspaces.map((keyspace) => [keyspace.id, keyspace]));
    for (const { replicas } of keyspaces) this.#placements.set(replicas, placementIn(this.#ring, replicas));
  }

  get epoch(): number {
    return this.state.epoch;
  }

  member(id: string): TopologyMember | undefined {
    return this.#members.get(id);
  }

  keyspace(name: string): TopologyKeyspace | undefined {
    return this.#keyspaces.get(name);
  }

  keyspaceById(id: number): TopologyKeyspace | undefined {
    return this.#keyspacesById.get(id);
  }

  partitionOf(key: Uint8Array): number {
    return this.#ring.partitionOf(tokenOf(key));
  }

  owners({ replicas }: TopologyKeyspace, partition: number): readonly string[] {
    return this.#placements.get(replicas)?.owners[partition] ?? [];
  }

  fallbacks({ replicas }: TopologyKeyspace, partition: number): readonly string[] {
    const known = this.#placements.get(replicas)?.fallbacks;
    if (known === undefined) return [];
    const walk = (): string[] => [...this.#ring.preferenceLists(replicas).fallbacks(partition)].map(({ id }) => id);
    return (known[partition] ??= walk());
  }

  shareOf(id: string, { replicas }: TopologyKeyspace): Share {
    return this.#placements.get(replicas)?.shares.get(id) ?? { share: 0, copies: 0 };
  }
}

function placementIn(ring: Ring, replicas: number): Placement {
  const lists = ring.preferenceLists(replicas);
  const partitions = Array.from({ length: ring.partitions }, (_, partition) => partition);
  const owners = partitions.map((partition) => lists.of(partition).map(({ id }) => id));
  const held = shares(ring, replicas);
  return {
    owners,
    fallbacks: [],
    shares: new Map(held.map(({ server, copies, copyShare }) => [server.id, { share: copyShare / replicas, copies }])),
  };
}
