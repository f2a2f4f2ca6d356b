/** Drives one read operation: carries its fetches and repairs to replicas, and time to it. */
import type { ReadEffect, ReadOperation, ReadResult } from '@kv/quorum';
import type { Counters } from '../counters.ts';
import type { Timer } from '../ports.ts';
import type { StoredRecord } from '../record.ts';
import type { CoordinatorDependencies, Refused } from './coordinator.ts';
import { DroppedValues } from './dropped-values.ts';
import { isPlannedTooEarly, type Replan, Replacement } from './replan.ts';
import type { RequestPlan } from './request-plan.ts';
import { StandIns } from './stand-ins.ts';

export type StoredReadResult = ReadResult<StoredRecord>;

export interface DrivenRead {
  readonly plan: RequestPlan;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  /** Milliseconds since 1970, what deadlines of values are held against. */
  readonly nowMs: number;
  readonly replan: Replan;
  /** Called in place of the answer: its keyspace was dropped meanwhile. Default: it ends as `unavailable`. */
  readonly refused?: Refused | undefined;
}

export class ReadDriver {
  readonly #dependencies: CoordinatorDependencies;
  readonly #read: DrivenRead;
  readonly #done: (result: StoredReadResult) => void;
  readonly #operation: ReadOperation<StoredRecord>;
  readonly #droppedValues: DroppedValues;
  readonly #startedAt: number;
  readonly #standIns: StandIns;
  #deadlineTimer: Timer | undefined;
  #lateTimer: Timer | undefined;
  readonly #replacement = new Replacement(() => this.#cancelTimers());

  constructor(dependencies: CoordinatorDependencies, read: DrivenRead, done: (result: StoredReadResult) => void) {
    this.#dependencies = dependencies;
    this.#read = read;
    this.#done = done;
    const { plan, deadline, nowMs } = read;
    this.#startedAt = dependencies.clock.monotonicMs();
    this.#operation = dependencies.strategies.readOperation(plan, this.#startedAt);
    this.#standIns = new StandIns(dependencies, {
      standIn: () => this.#standIn(),
      slow: () => this.#turnToFallbacksLater(),
    });
    this.#droppedValues = new DroppedValues(plan.replicas, nowMs, {
      read: (from, callbacks) => dependencies.access.read(from, plan.place, 'value', deadline, callbacks),
      receive: (replica, held) => this.#run(this.#operation.receive(replica, held, this.#now())),
      refuse: (replica) => this.#run(this.#operation.fail(replica, 'refused', 'VALUE_EXPIRED', this.#now())),
    });
  }

  start(): void {
    this.#run(this.#operation.start());
    if (this.#operation.answered || this.#replacement.isMade) return;
    const remaining = this.#read.deadline - this.#now();
    this.#deadlineTimer = this.#dependencies.timers.set(remaining, () => this.#run(this.#operation.expire()));
    this.#standIns.start();
  }

  /** Only a read that is slow has a third timer. */
  #turnToFallbacksLater(): void {
    const { timers, options } = this.#dependencies;
    const remaining = this.#startedAt + options.hintAfterMs - this.#now();
    this.#lateTimer = timers.set(Math.max(0, remaining), () => this.#run(this.#operation.late()));
  }

  #standIn(): boolean {
    const effects = this.#operation.standIn();
    this.#run(effects);
    return effects.length > 0;
  }

  #run(effects: readonly ReadEffect<StoredRecord>[]): void {
    if (this.#replacement.isMade) return;
    for (const effect of effects) {
      if (effect.type === 'fetch') this.#fetch(effect.from, effect.want);
      else if (effect.type === 'fetch-hint') this.#fetchHint(effect.from);
      else if (effect.type === 'repair') this.#repair(effect.to, effect.value);
      else this.#answer(effect.result);
    }
  }

  #fetch(from: string, want: 'value' | 'version'): void {
    const { plan, deadline } = this.#read;
    const askedAt = this.#standIns.asked(from);
    this.#dependencies.access.read(from, plan.place, want, deadline, {
      answered: (held) => {
        this.#standIns.answered(from, askedAt);
        if (this.#droppedValues.isOne(held)) this.#droppedValues.take(from, held);
        else this.#run(this.#operation.receive(from, held, this.#now()));
      },
      failed: (failure, reason) => {
        this.#standIns.failed(from);
        this.#failed(reason, () => this.#operation.fail(from, failure, reason, this.#now()));
      },
    });
  }

  #fetchHint(from: string): void {
    const { plan, deadline } = this.#read;
    this.#dependencies.hints.newest(from, plan.place, plan.replicas, deadline, {
      answered: (held) => this.#run(this.#operation.receiveHint(from, held, this.#now())),
      failed: (failure, reason) => this.#run(this.#operation.hintFailed(from, failure, reason, this.#now())),
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
      failed: (_, reason) => this.#failed(reason, () => this.#operation.repairFailed(to)),
    });
  }

  #failed(reason: string, fail: () => readonly ReadEffect<StoredRecord>[]): void {
    const goOn = (): void => this.#run(fail());
    if (isPlannedTooEarly(reason)) this.#planAgain(goOn);
    else goOn();
  }

  #planAgain(giveUp: () => void): void {
    const { plan, replan, refused } = this.#read;
    const again = this.#replacement.by(this.#operation, (later: RequestPlan) =>
      new ReadDriver(this.#dependencies, { ...this.#read, plan: later }, this.#done).start(),
    );
    replan(plan, again, giveUp, refused && this.#replacement.by(this.#operation, refused));
  }

  #cancelTimers(): void {
    this.#deadlineTimer?.cancel();
    this.#standIns.stop();
    this.#lateTimer?.cancel();
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
