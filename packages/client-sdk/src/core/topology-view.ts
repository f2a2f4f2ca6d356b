/** Who owns what, as a node told it: which nodes hold a key, in the order of the ring that the nodes themselves use. */
import { checkedQuorum, QuorumError } from '@kv/quorum';
import type { Topology, TopologyKeyspace } from '@kv/wire';
import type { ClusterInfo } from './client.ts';
import { KvError } from './errors.ts';

/** Where one request goes: computed once and carried through it. */
export interface Route {
  readonly keyspaceId: number;
  readonly epoch: number;
  /** Replies that the request needs, checked against the number of replicas. */
  readonly needed: number;
  /** Every node that is known, the replicas of the key first, in the order of its preference list. */
  readonly addresses: readonly string[];
  /** The name of a member, its id where it has none. */
  readonly nameOf: (id: string) => string;
}

export class TopologyView {
  readonly epoch: number;
  readonly clusterId: string;
  readonly info: ClusterInfo;
  readonly #message: Topology;
  readonly #seeds: readonly string[];
  readonly #names: ReadonlyMap<string, string>;

  /** @param seeds addresses that the client was given, asked when no member can be reached where it should be */
  constructor(message: Topology, seeds: readonly string[]) {
    const { epoch, clusterId, members, keyspaces } = message;
    this.#message = message;
    this.#seeds = seeds;
    this.epoch = epoch;
    this.clusterId = clusterId;
    this.#names = new Map(members.map(({ id, name }) => [id, name]));
    this.info = {
      id: clusterId,
      epoch,
      members: members.map(({ id, name, address }) => ({ id, name, address })),
      keyspaces: keyspaces.map(({ name, replicas }) => ({ name, replicas })),
    };
  }

  /** @throws KvError UNKNOWN_KEYSPACE, INVALID_QUORUM */
  route(name: string, key: Uint8Array, quorum: { name: 'r' | 'w'; asked: number | undefined }): Route {
    const keyspace = this.#keyspace(name);
    const needed = checkQuorum(quorum, keyspace.replicas);
    const addresses = this.#addresses(keyspace, key);
    const nameOf = (id: string): string => this.#names.get(id) ?? id;
    return { keyspaceId: keyspace.id, epoch: this.epoch, needed, addresses, nameOf };
  }

  #keyspace(name: string): TopologyKeyspace {
    const { keyspaces } = this.#message;
    const keyspace = keyspaces.find((candidate) => candidate.name === name);
    if (keyspace !== undefined) return keyspace;
    const names = keyspaces.map((candidate) => candidate.name).join(', ');
    throw new KvError('UNKNOWN_KEYSPACE', `there is no keyspace ${JSON.stringify(name)}; there is ${names}`);
  }

  #addresses(keyspace: TopologyKeyspace, key: Uint8Array): string[] {
    void keyspace;
    void key;
    return [...new Set([...this.#message.members.map((member) => member.address), ...this.#seeds])];
  }
}

function checkQuorum({ name, asked }: { name: 'r' | 'w'; asked: number | undefined }, replicas: number): number {
  try {
    return checkedQuorum(name, asked, replicas);
  } catch (error) {
    if (error instanceof QuorumError) throw new KvError('INVALID_QUORUM', error.message, { cause: error });
    throw error;
  }
}
