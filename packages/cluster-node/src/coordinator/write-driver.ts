/** Drives one write operation: carries its effects to replicas and its deadline to it. */
import type { Version, WriteEffect, WriteOperation } from '@kv/quorum';
import type { Timer } from '../ports.ts';
import type { StoredRecord } from '../record.ts';
import type { PutResult } from '../requests.ts';
import type { CoordinatorDependencies } from './coordinator.ts';
import { plannedTooEarly, type Replan } from './replan.ts';
import type { RequestPlan } from './request-plan.ts';

export interface DrivenWrite {
  readonly plan: RequestPlan;
  readonly version: Version;
  readonly record: StoredRecord;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  readonly replan: Replan;
}

export class WriteDriver {
  readonly #dependencies: CoordinatorDependencies;
  readonly #write: DrivenWrite;
  readonly #done: (result: PutResult) => void;
  readonly #operation: WriteOperation;
  #timer: Timer | undefined;
  /** Another driver goes on with the request, by a later topology. */
  #replaced = false;

  constructor(dependencies: CoordinatorDependencies, write: DrivenWrite, done: (result: PutResult) => void) {
    const { plan, version } = write;
    this.#dependencies = dependencies;
    this.#write = write;
    this.#done = done;
    this.#operation = dependencies.strategies.writeOperation(plan, version, dependencies.clock.monotonicMs());
  }

  start(): void {
    const { membership, timers, clock } = this.#dependencies;
    const { plan, deadline } = this.#write;
    if (membership.reachable(plan.replicas).length < plan.needed) {
      this.#run(this.#operation.reject('too-few-replicas'));
      return;
    }
    this.#timer = timers.set(deadline - clock.monotonicMs(), () => this.#run(this.#operation.expire()));
    this.#run(this.#operation.start());
  }

  #run(effects: readonly WriteEffect[]): void {
    if (this.#replaced) return;
    for (const effect of effects) {
      if (effect.type === 'send') this.#send(effect.to);
      else this.#answer(effect.result);
    }
  }

  #send(to: string): void {
    const { plan, record, deadline } = this.#write;
    this.#dependencies.access.write(to, plan.place, record, deadline, {
      answered: (held) => this.#run(this.#operation.acknowledge(to, held, this.#now())),
      failed: (failure, reason) => {
        const fail = (): void => this.#run(this.#operation.fail(to, failure, reason, this.#now()));
        if (reason === plannedTooEarly) this.#planAgain(fail);
        else fail();
      },
    });
  }

  /** What was sent may be durable by now; the other driver sends the very same write. */
  #planAgain(giveUp: () => void): void {
    const again = (plan: RequestPlan): void => {
      if (this.#replaced || this.#operation.answered) return;
      this.#replaced = true;
      this.#timer?.cancel();
      new WriteDriver(this.#dependencies, { ...this.#write, plan }, this.#done).start();
    };
    this.#write.replan(this.#write.plan, again, giveUp);
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

export function countWrite({ counters }: CoordinatorDependencies, { outcome }: Pick<PutResult, 'outcome'>): void {
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
