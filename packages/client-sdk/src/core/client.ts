/** What `connect` gives: the way to a cluster's keyspaces. */
import type { TopologyKeyspace } from '@kv/wire';
import { Cluster, type ClusterView } from './cluster.ts';
import { Keyspace, type KeyspaceOptions } from './keyspace.ts';
import { Keyspaces } from './keyspaces.ts';
import type { ClientPorts } from './ports.ts';
import type { SchemaInput, SchemaOutput, StandardSchema } from './standard-schema.ts';
import type { Resolve } from './siblings.ts';
import { type ConnectOptions, parseTarget } from './target.ts';

/** The cluster as the client last heard of it. */
export interface ClusterInfo {
  readonly id: string;
  /** Raised with every change of who owns what. */
  readonly epoch: number;
  readonly members: readonly { readonly id: string; readonly name: string; readonly address: string }[];
  readonly keyspaces: readonly KeyspaceInfo[];
}

/** A keyspace as the client last heard of it. */
export type KeyspaceInfo = Pick<TopologyKeyspace, 'name' | 'replicas' | 'mode' | 'conflict' | 'sloppy'>;

export class KvClient implements AsyncDisposable {
  readonly #cluster: Cluster;

  /** Connected already; use {@link connectWith}, or `connect` of the platform. */
  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  get cluster(): ClusterInfo {
    return this.#cluster.topology.info;
  }

  /** What keyspaces there are, and their lives. */
  get keyspaces(): Keyspaces {
    return new Keyspaces(this.#cluster);
  }

  /** A keyspace whose values the caller vouches for. */
  keyspace<Value = unknown>(
    name?: string,
    options?: { readonly schema?: undefined; readonly resolve?: Resolve<Value> },
  ): Keyspace<Value>;
  /**
   * A keyspace whose values a schema checks: values are stored as they are given once they pass, and pass through the
   * schema again, with its defaults and transformations, when they are read.
   */
  keyspace<Schema extends StandardSchema>(
    name: string,
    options: { readonly schema: Schema; readonly resolve?: Resolve<SchemaOutput<Schema>> },
  ): Keyspace<SchemaOutput<Schema>, SchemaInput<Schema>>;
  keyspace(name = 'default', options: KeyspaceOptions<unknown> = {}): Keyspace {
    const cluster: ClusterView = this.#cluster;
    return new Keyspace(cluster, name, options);
  }

  /** Closes every connection; requests under way fail. Idempotent. */
  async close(): Promise<void> {
    this.#cluster.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Connects over the given ports.
 * @throws KvError INVALID_TARGET, UNREACHABLE
 */
export async function connectWith(ports: ClientPorts, target: string | ConnectOptions): Promise<KvClient> {
  const cluster = new Cluster(ports, parseTarget(target));
  await cluster.connect();
  return new KvClient(cluster);
}
