/** What the parent tells a child process to do, and what it hears back. */
import type { EngineName } from '../engines/bench-engine.ts';
import type { Outcome } from '../workloads/workload.ts';

export interface Job {
  readonly engine: EngineName;
  readonly valueBytes: number;
  readonly quick: boolean;
  /** The file of the value pool. */
  readonly pool: string;
  /** One, but for `--quick`, which does all of an engine in one process. */
  readonly tasks: readonly Task[];
}

export interface Task {
  readonly workload: string;
  /** Made if it is not there. */
  readonly directory: string;
  /** Remove the directory afterwards. */
  readonly discard: boolean;
}

export type JobMessage =
  | { readonly type: 'done'; readonly workload: string; readonly measurement: Measurement }
  | { readonly type: 'failed'; readonly workload: string; readonly message: string };

export interface Measurement extends Outcome {
  readonly writeAmplification?: number;
  readonly spaceAmplification?: number;
}
