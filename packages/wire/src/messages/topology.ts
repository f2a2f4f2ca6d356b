/** Who owns what, for clients that send each request straight to a replica of its key. */

export interface TopologyRequest {
  readonly type: 'topology-request';
}

export interface TopologyMember {
  readonly id: string;
  /** At most 64 bytes. */
  readonly name: string;
  /** At most 255 bytes. */
  readonly address: string;
  /** Capacity relative to the other members; finite, not negative. */
  readonly weight: number;
  /** At most 64 bytes. */
  readonly rack?: string;
  /** At most 64 bytes. */
  readonly dataCentre?: string;
}

export interface TopologyKeyspace {
  readonly id: number;
  /** At most 64 bytes. */
  readonly name: string;
  /** N: copies of every pair. */
  readonly replicas: number;
}

export interface Topology {
  readonly type: 'topology';
  readonly epoch: number;
  readonly clusterId: string;
  /** How many partitions there are, at most 65536; the length of `owners`. */
  readonly partitions: number;
  /** At most 1024. */
  readonly members: readonly TopologyMember[];
  /** Of each partition, the index of its owner in `members`. */
  readonly owners: readonly number[];
  /** At most 1024. */
  readonly keyspaces: readonly TopologyKeyspace[];
}
