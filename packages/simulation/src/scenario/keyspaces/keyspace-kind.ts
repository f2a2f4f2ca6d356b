/** What keyspaces of one kind are made of, what clients do in them, and what must hold of it. */
import type { OperationIntent } from '../../cluster/client-operation.ts';
import type { StoredCopy, Violation } from '../../history.ts';
import type { SeededRandom } from '../../world/seeded-random.ts';
import type { KeyspaceHistory } from '../recorder.ts';
import type { KeyspaceOptions, Surroundings } from './keyspace-options.ts';

/** An operation as it is planned: on what condition it is done depends on what its client will have seen by then. */
export interface PlannedIntent extends Omit<OperationIntent, 'condition' | 'siblings'> {
  /** `seen`: the key must be as its client last saw it. */
  readonly condition?: 'absent' | 'seen';
  /** In a keyspace with siblings: whether a write passes on the context of what its client read last. */
  readonly besides?: 'seen' | 'blind';
}

export interface PlannedPlace {
  readonly keyspace: KeyspaceOptions;
  readonly key: string;
  /** Of the operation. */
  readonly id: string;
  /** The largest value; sizes are spread evenly over the orders of magnitude. */
  readonly valueBytes: number;
}

export interface KeyspaceKind {
  /** Draws everything but the id. */
  draw(random: SeededRandom, surroundings: Surroundings): Omit<KeyspaceOptions, 'id'>;
  plan(random: SeededRandom, place: PlannedPlace): PlannedIntent;
  /** Whether one disk may be lost, whichever it is, with all that was acknowledged still there. */
  toleratesLoss(keyspace: KeyspaceOptions): boolean;
  /** Reads a key after the end of all faults; `lessened`: one of its replicas cannot answer any more. */
  finalRead(keyspace: KeyspaceOptions, key: string, lessened: boolean): OperationIntent;
  /** @param copies what replicas hold of its keys in the end */
  check(history: KeyspaceHistory, copies: readonly StoredCopy[]): Violation[];
}
