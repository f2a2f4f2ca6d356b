/** Drives one read operation: carries its fetches and repairs to replicas, and time to it. */
import type { ReadEffect, ReadOperation, ReadResult } from '@kv/quorum';
import type { Counters } from '../counters.ts';
import type { PeerFailure } from '../peer-requests.ts';
import type { Timer } from '../ports.ts';
import type { StoredRecord } from '../record.ts';
import type { CoordinatorDependencies } from './coordinator.ts';
import { DroppedValues } from './dropped-values.ts';
import { plannedTooEarly, type Replan } from './replan.ts';
import type { RequestPlan } from './request-plan.ts';

export type StoredReadResult = ReadResult<StoredRecord>;

export interface DrivenRead {
  readonly plan: RequestPlan;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  /** Milliseconds since 1970, what deadlines of values are held against. */
  readonly nowMs: number;
  readonly replan: Replan;
}

export class ReadDriver {
  readonly #dependencies: CoordinatorDependencies;
  readonly #read: DrivenRead;
  readonly #done: (result: StoredReadResult) => void;
  readonly #operation: ReadOperation<StoredRecord>;
  readonly #droppedValues: DroppedValues;
  #deadlineTimer: Timer | undefined;
  #standInTimer: Timer | undefined;
  /** Another driver goes on with the request, by a later topology. */
  #replaced = false;

  constructor(dependencies: CoordinatorDependencies, read: DrivenRead, done: (result: StoredReadResult) => void) {
    this.#dependencies = dependencies;
    this.#read = read;
    this.#done = done;
    const { plan, deadline, nowMs } = read;
    this.#operation = dependencies.strategies.readOperation(plan, dependencies.clock.monotonicMs());
    this.#droppedValues = new DroppedValues(plan.replicas, nowMs, {
      read: (from, callbacks) => dependencies.access.read(from, plan.place, 'value', deadline, callbacks),
      receive: (replica, held) => this.#run(this.#operation.receive(replica, held, this.#now())),
      refuse: (replica) => this.#failed(replica, 'refused', 'VALUE_EXPIRED'),
    });
  }

  start(): void {
    const { membership, timers, clock } = this.#dependencies;
    const { plan, deadline } = this.#read;
    if (membership.reachable(plan.replicas).length < plan.needed) {
      this.#run(this.#operation.reject());
      return;
    }
    this.#deadlineTimer = timers.set(deadline - clock.monotonicMs(), () => this.#run(this.#operation.expire()));
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
    if (this.#replaced) return;
    for (const effect of effects) {
      if (effect.type === 'fetch') this.#fetch(effect.from, effect.want);
      else if (effect.type === 'repair') this.#repair(effect.to, effect.value);
      else this.#answer(effect.result);
    }
  }

  #fetch(from: string, want: 'value' | 'version'): void {
    const { plan, deadline } = this.#read;
    this.#dependencies.access.read(from, plan.place, want, deadline, {
      answered: (held) => {
        if (this.#droppedValues.isOne(held)) this.#droppedValues.take(from, held);
        else this.#run(this.#operation.receive(from, held, this.#now()));
      },
      failed: (failure, reason) => this.#failed(from, failure, reason),
    });
  }

  #repair(to: string, record: StoredRecord): void {
    const { access, counters } = this.#dependencies;
    const { plan, deadline } = this.#read;
    counters.repairsSent += 1;
    access.write(to, plan.place, record, deadline, {
      answered: (version) => {
        counters.repairsAcknowledged += 1;
        this.#run(this.#operation.repaired(to, version));
      },
      failed: (failure, reason) => this.#failed(to, failure, reason),
    });
  }

  #failed(replica: string, failure: PeerFailure, reason: string): void {
    const fail = (): void => this.#run(this.#operation.fail(replica, failure, reason, this.#now()));
    if (reason === plannedTooEarly) this.#planAgain(fail);
    else fail();
  }

  #planAgain(giveUp: () => void): void {
    const again = (plan: RequestPlan): void => {
      if (this.#replaced || this.#operation.answered) return;
      this.#replaced = true;
      this.#cancelTimers();
      new ReadDriver(this.#dependencies, { ...this.#read, plan }, this.#done).start();
    };
    this.#read.replan(this.#read.plan, again, giveUp);
  }

  #cancelTimers(): void {
    this.#deadlineTimer?.cancel();
    this.#standInTimer?.cancel();
  }

  #answer(result: StoredReadResult): void {
    this.#cancelTimers();
    countRead(this.#dependencies.counters, result);
    this.#done(result);
  }

  #now(): number {
    return this.#dependencies.clock.monotonicMs();
  }
}

export function countRead(counters: Counters, { outcome }: Pick<StoredReadResult, 'outcome'>): void {
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
