/** Plans flushes and compactions as the options have it, and has them carried out. */

import type { CompactionPlan } from '../compaction/pick-compaction.ts';
import { copyBytes, equalBytes } from '../bytes.ts';
import type { CompactionJob, Disposal, FlushJob, Job, PurgeRule, RunPlan } from '../jobs/job.ts';
import type { JobPorts } from '../jobs/flush.ts';
import { StorageError } from '../errors.ts';
import { runJob } from '../jobs/run-job.ts';
import type { Memtable } from '../memtable/memtable.ts';
import type { ResolvedOptions } from '../options.ts';
import type { StorageClock } from '../ports/clock.ts';
import type { Codec } from '../ports/codec.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { JobControl, Jobs } from '../ports/jobs.ts';
import type { AddedRun } from '../ports/manifest.ts';
import type { Store } from '../store/store.ts';
import type { KeyRange } from '../versioned-entry.ts';
import type { SortedRun } from '../sorted-run/sorted-run.ts';
import { pacer } from './pacer.ts';

export interface JobRunnerDependencies {
  readonly fileSystem: FileSystem;
  readonly codec: Codec;
  readonly jobs: Jobs;
  readonly clock: StorageClock;
  readonly store: Store;
}

const WHOLE: KeyRange = { from: new Uint8Array(0), to: undefined };

export class JobRunner {
  readonly #use: JobRunnerDependencies;
  readonly #options: ResolvedOptions;
  #knownRules: readonly PurgeRule[] = [];
  #rulesFailure: Error | undefined;

  constructor(dependencies: JobRunnerDependencies, options: ResolvedOptions) {
    this.#use = dependencies;
    this.#options = options;
  }

  planFlush(memtable: Memtable): FlushJob {
    return {
      kind: 'flush',
      segments: memtable.segments,
      plan: this.#planRun(memtable.firstSequence, memtable.lastSequence),
      disposal: this.#disposal(this.#use.store.current.runs.length === 0, WHOLE),
    };
  }

  /** `inputs`: the runs that the plan names, newest first. */
  planCompaction(plan: CompactionPlan, inputs: readonly SortedRun[]): CompactionJob {
    const descriptions = inputs.map((run) => run.description);
    const [only] = inputs;
    return {
      kind: 'compaction',
      inputs: descriptions,
      relocated: this.#use.store.valueFiles.filter(({ number }) => plan.relocate.includes(number)),
      plan: this.#planRun(
        Math.min(...descriptions.map((run) => run.firstSequence)),
        Math.max(...descriptions.map((run) => run.lastSequence)),
      ),
      disposal: this.#disposal(plan.oldest, WHOLE),
      bytesPerSecond: this.#options.compactionBytesPerSecond,
      ...(plan.cut !== undefined &&
        only !== undefined && { cut: { ...plan.cut, footer: only.footer, tombstones: only.ranges } }),
    };
  }

  async run(job: Job, control: JobControl): Promise<AddedRun | undefined> {
    const bytesPerSecond = job.kind === 'compaction' ? job.bytesPerSecond : 0;
    const here = () => runJob(job, this.portsFor(control, bytesPerSecond));
    return (await this.#use.jobs.run(job, control, here)).added;
  }

  portsFor(control: JobControl, bytesPerSecond = 0): JobPorts {
    const { fileSystem, codec, clock } = this.#use;
    return { fileSystem, codec, control, pace: pacer(bytesPerSecond, clock) };
  }

  /** Why the caller's rules for tombstones could not be had when they were last asked for. */
  get rulesFailure(): Error | undefined {
    return this.#rulesFailure;
  }

  /** Whether the caller's rules for tombstones are others than at the last call. */
  purgeRulesChanged(): boolean {
    const rules = this.#rules(WHOLE);
    const known = this.#knownRules;
    this.#knownRules = rules;
    return rules.length !== known.length || rules.some((rule, i) => !isSameRule(rule, known[i] as PurgeRule));
  }

  #planRun(firstSequence: number, lastSequence: number): RunPlan {
    const { blockBytes, separateBytes } = this.#options;
    const { store } = this.#use;
    return {
      run: store.takeFileNumber(),
      valueFile: store.takeFileNumber(),
      blockBytes,
      separateBytes,
      firstSequence,
      lastSequence,
    };
  }

  #disposal(oldest: boolean, range: KeyRange): Disposal {
    const versionAt = this.#options.purge?.versionAt ?? { offset: 0, length: 0 };
    return { oldest, now: this.#use.clock.now(), purge: { versionAt, rules: this.#rules(range) } };
  }

  /** What fails in the caller's code must not fail a flush, and no rule is the safe one: more tombstones stay. */
  #rules(range: KeyRange): readonly PurgeRule[] {
    this.#rulesFailure = undefined;
    try {
      return (this.#options.purge?.rules(range) ?? []).map(copyRule);
    } catch (cause) {
      const message = 'purge.rules failed; tombstones with meta stay until it gives rules again';
      this.#rulesFailure = new StorageError('INVALID_ARGUMENT', message, { cause });
      return [];
    }
  }
}

/** As it is now, whatever the caller does to its own. */
function copyRule({ from, to, upTo }: PurgeRule): PurgeRule {
  return { from: copyBytes(from), to: to === undefined ? undefined : copyBytes(to), upTo: copyBytes(upTo) };
}

function isSameRule(left: PurgeRule, right: PurgeRule): boolean {
  const isSameEnd =
    left.to === undefined || right.to === undefined ? left.to === right.to : equalBytes(left.to, right.to);
  return isSameEnd && equalBytes(left.from, right.from) && equalBytes(left.upTo, right.upTo);
}
