/** Who owns what, as a node told it: which nodes hold a key, in the order of the ring that the nodes themselves use. */
import { type Ring, ringOf, tokenOf } from '@kv/hash-ring';
import { answersNeeded, type AskedQuorum, QuorumError } from '@kv/quorum';
import type { ConflictRule, KeyspaceMode, TopologyState, TopologyKeyspace } from '@kv/wire';
import type { ClusterInfo } from './client.ts';
import { KvError } from './errors.ts';

/** Where one request goes: computed once and carried through it. */
export interface Route {
  readonly keyspaceId: number;
  readonly mode: KeyspaceMode;
  readonly epoch: number;
  /** Replies that the request needs, checked against the number of replicas; of a strong keyspace always a majority. */
  readonly needed: number;
  /** Time to live of values whose writer names none; 0: for ever. */
  readonly ttlMs: number;
  /** Whom to ask: the replicas of the key in the order of its preference list, then others that may know them. */
  readonly addresses: readonly string[];
  /** Those of `addresses` that are replicas of the key. */
  readonly replicas: readonly string[];
  /** How the keyspace takes writes that know nothing of each other. */
  readonly conflict: ConflictRule;
  /** The name of a member, its id where it has none. */
  readonly nameOf: (id: string) => string;
}

/** Any node can coordinate any request, but no request is tried at more of them than this. */
const maxMembers = 12;

export class TopologyView {
  readonly epoch: number;
  readonly clusterId: string;
  readonly info: ClusterInfo;
  /** Addresses of the members of whom a majority decides about the topology. */
  readonly voters: readonly string[];
  readonly #keyspaces: readonly TopologyKeyspace[];
  readonly #ring: Ring;
  readonly #addressOf: ReadonlyMap<string, string>;
  readonly #seeds: readonly string[];
  /** By number of replicas and partition, whom to ask; computed when a key first needs it. */
  readonly #candidates = new Map<number, (readonly string[] | undefined)[]>();
  readonly #names: ReadonlyMap<string, string>;

  /**
   * @param seeds addresses that the client was given, asked when no member can be reached where it should be
   * @throws RingError when the owners are not those of a ring
   */
  constructor({ epoch, clusterId, members, owners, keyspaces, voters }: TopologyState, seeds: readonly string[]) {
    this.epoch = epoch;
    this.clusterId = clusterId;
    this.info = {
      id: clusterId,
      epoch,
      members: members.map(({ id, name, address }) => ({ id, name, address })),
      keyspaces: keyspaces.map(({ name, replicas, mode, conflict, sloppy }) => ({
        name,
        replicas,
        mode,
        conflict,
        sloppy,
      })),
    };
    this.#keyspaces = keyspaces;
    this.#names = new Map(members.map(({ id, name }) => [id, name]));
    this.#ring = ringOf(members, owners);
    this.#addressOf = new Map(members.map(({ id, address }) => [id, address]));
    this.voters = voters.map((id) => this.#addressOf.get(id) ?? id);
    this.#seeds = seeds;
    for (const { replicas } of keyspaces) this.#candidates.set(replicas, []);
  }

  /** Another one once the keyspace was dropped and made again; undefined where it is not known. */
  idOf(name: string): number | undefined {
    return this.#keyspaces.find((keyspace) => keyspace.name === name)?.id;
  }

  /** Every node that may be there. */
  get addresses(): readonly string[] {
    return [...new Set([...this.#addressOf.values(), ...this.#seeds])];
  }

  /** @throws KvError UNKNOWN_KEYSPACE, INVALID_QUORUM, NOT_SUPPORTED */
  route(name: string, key: Uint8Array, quorum: AskedQuorum): Route {
    return this.routeToPartition(name, this.partitionOf(key), quorum);
  }

  partitionOf(key: Uint8Array): number {
    return this.#ring.partitionOf(tokenOf(key));
  }

  /**
   * To those who own the partition; a number beyond the last one is as good as any.
   * @throws KvError UNKNOWN_KEYSPACE, INVALID_QUORUM
   */
  routeToPartition(name: string, partition: number, quorum: AskedQuorum): Route {
    const keyspace = this.#keyspace(name);
    const needed = checkQuorum(quorum, keyspace);
    const addresses = this.#candidatesFor(keyspace.replicas, partition < this.#ring.partitions ? partition : 0);
    const nameOf = (id: string): string => this.#names.get(id) ?? id;
    const { id, mode, conflict, ttlMs = 0 } = keyspace;
    const replicas = addresses.slice(0, Math.min(keyspace.replicas, this.info.members.length));
    return { keyspaceId: id, mode, epoch: this.epoch, needed, ttlMs, addresses, replicas, conflict, nameOf };
  }

  /** @throws KvError UNKNOWN_KEYSPACE */
  conflictOf(name: string): ConflictRule {
    return this.#keyspace(name).conflict;
  }

  #keyspace(name: string): TopologyKeyspace {
    const keyspace = this.#keyspaces.find((candidate) => candidate.name === name);
    if (keyspace !== undefined) return keyspace;
    const names = this.#keyspaces.map((candidate) => candidate.name).join(', ');
    throw new KvError('UNKNOWN_KEYSPACE', `there is no keyspace ${JSON.stringify(name)}; there is ${names}`);
  }

  #candidatesFor(replicas: number, partition: number): readonly string[] {
    const known = this.#candidates.get(replicas);
    const candidates = known?.[partition] ?? this.#findCandidates(replicas, partition);
    if (known !== undefined) known[partition] = candidates;
    return candidates;
  }

  #findCandidates(replicas: number, partition: number): readonly string[] {
    const lists = this.#ring.preferenceLists(replicas);
    const addresses = new Set<string>();
    for (const server of [lists.of(partition), lists.fallbacks(partition)].flatMap((servers) => [...servers])) {
      if (addresses.size < maxMembers) addresses.add(this.#addressOf.get(server.id) ?? server.id);
    }
    return [...addresses, ...this.#seeds.filter((seed) => !addresses.has(seed))];
  }
}

/** What a request does not say is as the keyspace says. */
function checkQuorum(asked: AskedQuorum, { name, mode, replicas, readLevel, writeLevel }: TopologyKeyspace): number {
  const isSaid = asked.number !== undefined || asked.level !== undefined;
  if (isSaid && mode === 'strong') {
    const said = asked.number === undefined ? `level ${asked.level}` : `${asked.name} = ${asked.number}`;
    const message = `keyspace ${name} is strong: a majority of a key's owners always answers, got ${said}`;
    throw new KvError('NOT_SUPPORTED', message);
  }
  try {
    return answersNeeded(isSaid ? asked : { ...asked, level: asked.name === 'r' ? readLevel : writeLevel }, replicas);
  } catch (error) {
    if (error instanceof QuorumError) throw new KvError('INVALID_QUORUM', error.message, { cause: error });
    throw error;
  }
}
