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
  /** Owners believed down when the plan was made: a write is not sent to them. Default: none. */
  readonly down?: readonly string[];
  /** Whether other servers may be counted in the place of owners that are down (Dynamo §4.6). Default: false. */
  readonly sloppy?: boolean;
  /** Healthy servers that own nothing of the key, in the order in which they stand in for owners. Default: none. */
  readonly fallbacks?: readonly string[];
  /** The server that coordinates: it keeps the hints for which there is no fallback. Default: nobody keeps them. */
  readonly coordinator?: string;
}

/** Fallbacks that may be counted: those of a sloppy plan. */
export function countedFallbacks({ sloppy = false, fallbacks = [] }: ReplicaPlan): readonly string[] {
  return sloppy ? fallbacks : [];
}

/** How many distinct servers could be counted, as far as the plan knows. */
export function reachableServers(plan: ReplicaPlan): number {
  return plan.replicas.length - (plan.down?.length ?? 0) + countedFallbacks(plan).length;
}
