/**
 * Who is asked, decided once per request and carried through it (Cassandra's ReplicaPlan): a request never sees two
 * views of the cluster.
 */
export interface ReplicaPlan {
  /** The owners of the key, distinct. A read asks them in this order: put the nearest first. */
  readonly replicas: readonly string[];
  /** Answers needed: W of a write, R of a read; 1 to `replicas.length`. */
  readonly needed: number;
  /** Epoch of the topology that the plan was made from. */
  readonly epoch: number;
}
