/** What a workload is: a name, the data that it starts from, and what it does with an engine. */
import type { Reading } from '../../measurement/meter.ts';
import type { BenchEngine, EngineName, EngineOptions } from '../engines/bench-engine.ts';
import type { Sizes } from '../sizes.ts';
import type { Values } from '../value-pool.ts';

export interface Workload {
  readonly name: string;
  /**
   * `empty`: a fresh directory. `loaded`: the set of this size, all merged, shared by all rounds. `killed`: a fresh
   * directory in which a process filled its commit log and was killed.
   */
  readonly on: 'empty' | 'loaded' | 'killed';
  /** Its acknowledgements wait for the disk, so on a file system in memory it says nothing. */
  readonly durable: boolean;
  /** The engines that it makes sense for; default all. */
  readonly engines?: readonly EngineName[];
  /** The one size of values that it is measured with; default all. */
  readonly valueBytes?: number;
  /** Engines other than ours run in the first round only. */
  readonly special?: true;
  run(context: WorkloadContext): Promise<Outcome>;
}

export interface WorkloadContext {
  readonly engine: EngineName;
  /** The engine's own, and nothing else's. */
  readonly directory: string;
  readonly valueBytes: number;
  readonly sizes: Sizes;
  /** The pool of values, in memory. */
  loadValues(): Values;
  /** The pool of values, left in its file. */
  openValues(): Values;
  open(options: Omit<EngineOptions, 'valueBytes'>): Promise<BenchEngine>;
}

export interface Outcome extends Reading {
  /** What the engine was opened with. */
  readonly options: string;
  /** Bytes of keys and values given to the engine. */
  readonly givenBytes?: number;
  /** Bytes of keys and values that are stored in the end. */
  readonly liveBytes?: number;
  /** What was left for compaction to do. */
  readonly debt?: string;
  /** What the row is about, where that is not operations per second. */
  readonly figure?: number;
}
