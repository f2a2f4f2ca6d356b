/** Drives one write operation: carries its effects to replicas and its deadline to it. */
import type { Version, WriteEffect, WriteOperation } from '@kv/quorum';
import type { Timer } from '../ports.ts';
import type { StoredRecord } from '../record.ts';
import type { PutResult } from '../requests.ts';
import type { CoordinatorDependencies } from './coordinator.ts';
import type { RequestPlan } from './request-plan.ts';

export class WriteDriver {
  readonly #dependencies: CoordinatorDependencies;
  readonly #plan: RequestPlan;
  readonly #record: StoredRecord;
  readonly #deadline: number;
  readonly #done: (result: PutResult) => void;
  readonly #operation: WriteOperation;
  #timer: Timer | undefined;

  constructor(
    dependencies: CoordinatorDependencies,
    plan: RequestPlan,
    version: Version,
    record: StoredRecord,
    deadline: number,
    done: (result: PutResult) => void,
  ) {
    this.#dependencies = dependencies;
    this.#plan = plan;
    this.#record = record;
    this.#deadline = deadline;
    this.#done = done;
    this.#operation = dependencies.strategies.writeOperation(plan, version, dependencies.clock.monotonicMs());
  }

  start(): void {
    const { membership, timers, clock } = this.#dependencies;
    if (membership.reachable(this.#plan.replicas).length < this.#plan.needed) {
      this.#run(this.#operation.reject('too-few-replicas'));
      return;
    }
    this.#timer = timers.set(this.#deadline - clock.monotonicMs(), () => this.#run(this.#operation.expire()));
    this.#run(this.#operation.start());
  }

  #run(effects: readonly WriteEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'send') this.#send(effect.to);
      else this.#answer(effect.result);
    }
  }

  #send(to: string): void {
    this.#dependencies.access.write(to, this.#plan.place, this.#record, this.#deadline, {
      answered: (held) => this.#run(this.#operation.acknowledge(to, held, this.#now())),
      failed: (failure, reason) => this.#run(this.#operation.fail(to, failure, reason, this.#now())),
    });
  }

  #answer(result: PutResult): void {
    this.#timer?.cancel();
    countWrite(this.#dependencies, result);
    this.#done(result);
  }

  #now(): number {
    return this.#dependencies.clock.monotonicMs();
  }
}

function countWrite({ counters }: CoordinatorDependencies, { outcome }: PutResult): void {
  switch (outcome) {
    case 'applied':
      counters.writesApplied += 1;
      return;
    case 'superseded':
      counters.writesSuperseded += 1;
      return;
    case 'rejected':
      counters.writesRejected += 1;
      return;
    case 'unknown':
      counters.writesUnknown += 1;
      return;
  }
}
