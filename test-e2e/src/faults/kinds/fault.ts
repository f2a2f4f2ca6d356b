/** A kind of fault: how it begins on a running cluster, and how it ends. */
import type { SeededRandom } from '@kv/simulation';
import type { FaultyCluster } from '../cluster/faulty-cluster.ts';

export interface Fault {
  readonly kind: string;
  /** Faults of one lane come one after the other, those of different lanes at the same time. */
  readonly lane: 'network' | 'machine';
  /** Why it cannot be had here. */
  readonly lacks?: string | undefined;
  /** Milliseconds that it lasts. */
  readonly lasts: { readonly least: number; readonly most: number };
  begin(cluster: FaultyCluster, random: SeededRandom): Promise<Strike>;
}

export interface Strike {
  /** Whom it hit. */
  readonly what: string;
  /**
   * Ends it. Whether it took effect, as far as can be seen from outside.
   * @throws when a member does not come back from it as it promised
   */
  end(): Promise<boolean>;
}
