/** A bug that is put into every node from outside, to prove that the checkers would find it. */
import type { Replacements } from '../cluster/simulated-node.ts';
import type { KeyspaceKindName } from '../scenario/scenarios.ts';

export interface PlantedBug extends Replacements {
  /** In kebab case, for the command line. */
  readonly name: string;
  /** What the node does wrong. */
  readonly wrong: string;
  /** The kind of keyspace in which it shows, at least in a few hundred seeds; absent: any. Sought in scenarios that have it. */
  readonly within?: KeyspaceKindName;
}
