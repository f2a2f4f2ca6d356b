/** Drives one read operation: carries its fetches and repairs to replicas, and time to it. */
import type { ReadEffect, ReadOperation, ReadResult } from '@kv/quorum';
import type { PeerFailure } from '../peer-requests.ts';
import type { Timer } from '../ports.ts';
import type { StoredRecord } from '../record.ts';
import type { CoordinatorDependencies } from './coordinator.ts';
import type { RequestPlan } from './request-plan.ts';

export type StoredReadResult = ReadResult<StoredRecord>;

export class ReadDriver {
  readonly #dependencies: CoordinatorDependencies;
  readonly #plan: RequestPlan;
  readonly #deadline: number;
  readonly #done: (result: StoredReadResult) => void;
  readonly #operation: ReadOperation<StoredRecord>;
  #deadlineTimer: Timer | undefined;
  #standInTimer: Timer | undefined;

  constructor(
    dependencies: CoordinatorDependencies,
    plan: RequestPlan,
    deadline: number,
    done: (result: StoredReadResult) => void,
  ) {
    this.#dependencies = dependencies;
    this.#plan = plan;
    this.#deadline = deadline;
    this.#done = done;
    this.#operation = dependencies.strategies.readOperation(plan, dependencies.clock.monotonicMs());
  }

  start(): void {
    const { membership, timers, clock } = this.#dependencies;
    if (membership.reachable(this.#plan.replicas).length < this.#plan.needed) {
      this.#run(this.#operation.reject());
      return;
    }
    this.#deadlineTimer = timers.set(this.#deadline - clock.monotonicMs(), () => this.#run(this.#operation.expire()));
    this.#standInLater();
    this.#run(this.#operation.start());
  }

  #standInLater(): void {
    const { timers, options, counters } = this.#dependencies;
    this.#standInTimer = timers.set(options.standInAfterMs, () => {
      const effects = this.#operation.standIn();
      if (effects.length === 0) return;
      counters.standIns += 1;
      this.#standInLater();
      this.#run(effects);
    });
  }

  #run(effects: readonly ReadEffect<StoredRecord>[]): void {
    for (const effect of effects) {
      if (effect.type === 'fetch') this.#fetch(effect.from, effect.want);
      else if (effect.type === 'repair') this.#repair(effect.to, effect.value);
      else this.#answer(effect.result);
    }
  }

  #fetch(from: string, want: 'value' | 'version'): void {
    this.#dependencies.access.read(from, this.#plan.place, want, this.#deadline, {
      answered: (held) => this.#run(this.#operation.receive(from, held, this.#now())),
      failed: (failure, reason) => this.#failed(from, failure, reason),
    });
  }

  #repair(to: string, record: StoredRecord): void {
    const { access, counters } = this.#dependencies;
    counters.repairsSent += 1;
    access.write(to, this.#plan.place, record, this.#deadline, {
      answered: (version) => {
        counters.repairsAcknowledged += 1;
        this.#run(this.#operation.repaired(to, version));
      },
      failed: (failure, reason) => this.#failed(to, failure, reason),
    });
  }

  #failed(replica: string, failure: PeerFailure, reason: string): void {
    this.#run(this.#operation.fail(replica, failure, reason, this.#now()));
  }

  #answer(result: StoredReadResult): void {
    this.#deadlineTimer?.cancel();
    this.#standInTimer?.cancel();
    countRead(this.#dependencies, result);
    this.#done(result);
  }

  #now(): number {
    return this.#dependencies.clock.monotonicMs();
  }
}

function countRead({ counters }: CoordinatorDependencies, { outcome }: StoredReadResult): void {
  switch (outcome) {
    case 'found':
      counters.readsFound += 1;
      return;
    case 'absent':
      counters.readsAbsent += 1;
      return;
    case 'unavailable':
      counters.readsUnavailable += 1;
      return;
    case 'repair-incomplete':
      counters.readsRepairIncomplete += 1;
      return;
    case 'timed-out':
      counters.readsTimedOut += 1;
      return;
  }
}
