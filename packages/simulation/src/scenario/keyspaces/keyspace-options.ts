/** One keyspace of a run and what clients do in it, drawn from the seed before it begins. */
import type { TopologyConfig } from '@kv/cluster-node';
import type { ConflictRule, KeyspaceMode } from '@kv/wire';
import type { LinkMode } from '../../world/network/network-options.ts';

type KeyspaceConfig = TopologyConfig['keyspaces'][number];

export interface QuorumChoice {
  readonly r: number;
  readonly w: number;
}

export interface KeyspaceOptions {
  readonly id: number;
  /** Of its kind too; its keys begin with it. */
  readonly name: string;
  readonly mode: KeyspaceMode;
  readonly conflict: ConflictRule;
  /** Whether other servers may stand in for owners that are down. */
  readonly sloppy: boolean;
  /** N. */
  readonly replicas: number;
  readonly keys: number;
  /** Each operation picks one of these; of a strong keyspace there are none. */
  readonly quorums: readonly QuorumChoice[];
  readonly readShare: number;
  /** Of the writes. */
  readonly deleteShare: number;
  /**
   * Of the writes: stamped by the client, as the SDK does; the others are stamped by their coordinator, as over HTTP.
   */
  readonly stampedShare: number;
  /** Of the puts: with a time to live. */
  readonly ttlShare: number;
  /** The longest time to live; they are spread evenly over the orders of magnitude. */
  readonly ttlMs: number;
  /** Of the writes of a strong keyspace: done only if the key is as its client last saw it, or absent. */
  readonly conditionShare: number;
}

/** What a keyspace is drawn for. */
export interface Surroundings {
  readonly nodes: number;
  readonly links: LinkMode;
}

/** As the cluster is told of it. */
export function configOf({ id, name, mode, conflict, sloppy, replicas }: KeyspaceOptions): KeyspaceConfig {
  return { id, name, mode, conflict, sloppy, replicas };
}

/** Unique in a run. */
export function keysOf({ name, keys }: KeyspaceOptions): string[] {
  return Array.from({ length: keys }, (_, index) => `${name}-${index}`);
}
