/** Drives one write operation: carries its effects to replicas and to who keeps hints, and time to it. */
import type { Version, WriteEffect, WriteOperation } from '@kv/quorum';
import type { Timer } from '../ports.ts';
import type { StoredRecord } from '../record.ts';
import type { PutResult } from '../requests.ts';
import type { CoordinatorDependencies, Refused } from './coordinator.ts';
import { isPlannedTooEarly, mindfulOfEarlier, type Replan, Replacement } from './replan.ts';
import { namingAge } from './too-old.ts';
import type { RequestPlan } from './request-plan.ts';

export interface DrivenWrite {
  readonly plan: RequestPlan;
  readonly version: Version;
  readonly record: StoredRecord;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  readonly replan: Replan;
  /** By an earlier plan, so that servers may hold it whatever comes of this one. Default: false. */
  readonly wasSent?: boolean;
}

export class WriteDriver {
  readonly #dependencies: CoordinatorDependencies;
  readonly #write: DrivenWrite;
  readonly #done: (result: PutResult) => void;
  readonly #refused: Refused;
  readonly #operation: WriteOperation;
  #timer: Timer | undefined;
  readonly #replacement = new Replacement(() => this.#timer?.cancel());

  /** `refused` is called in place of `done` when the keyspace was dropped meanwhile, and what was written erased with it. */
  constructor(
    dependencies: CoordinatorDependencies,
    write: DrivenWrite,
    done: (result: PutResult) => void,
    refused: Refused,
  ) {
    const { plan, version } = write;
    this.#dependencies = dependencies;
    this.#write = write;
    this.#done = done;
    this.#refused = refused;
    this.#operation = dependencies.strategies.writeOperation(plan, version, dependencies.clock.monotonicMs());
  }

  start(): void {
    this.#run(this.#operation.start());
    if (!this.#operation.over) this.#waitForTheLate();
  }

  /** One timer at a time: until owners are late, then until the deadline. */
  #waitForTheLate(): void {
    const { timers, options } = this.#dependencies;
    const remaining = this.#write.deadline - this.#now();
    if (options.hintAfterMs >= remaining) return this.#waitForTheDeadline();
    this.#timer = timers.set(options.hintAfterMs, () => {
      this.#waitForTheDeadline();
      this.#run(this.#operation.late());
    });
  }

  #waitForTheDeadline(): void {
    const remaining = this.#write.deadline - this.#now();
    this.#timer = this.#dependencies.timers.set(remaining, () => this.#run(this.#operation.expire()));
  }

  #run(effects: readonly WriteEffect[]): void {
    if (this.#replacement.isMade) return;
    for (const effect of effects) {
      if (effect.type === 'send') this.#send(effect.to);
      else if (effect.type === 'hint') this.#hint(effect.to, effect.intendedOwner);
      else this.#answer(effect.result);
    }
    if (this.#operation.over) this.#timer?.cancel();
  }

  #hint(to: string, owner: string): void {
    const { plan, record, deadline } = this.#write;
    this.#dependencies.hints.keep(to, plan.place, owner, record, deadline, {
      answered: (held) => this.#run(this.#operation.hinted(to, owner, held, this.#now())),
      failed: (failure, reason) => this.#run(this.#operation.hintFailed(to, owner, failure, reason, this.#now())),
    });
  }

  #send(to: string): void {
    const { plan, record, deadline } = this.#write;
    this.#dependencies.access.write(to, plan.place, record, deadline, {
      answered: (held) => this.#run(this.#operation.acknowledge(to, held, this.#now())),
      failed: (failure, reason) => {
        const fail = (): void => this.#run(this.#operation.fail(to, failure, reason, this.#now()));
        if (isPlannedTooEarly(reason) && !this.#operation.answered) this.#planAgain(fail);
        else fail();
      },
    });
  }

  /** What was sent may be durable by now; the other driver sends the very same write. */
  #planAgain(giveUp: () => void): void {
    const { plan, replan } = this.#write;
    const goOn = this.#replacement.by(this.#operation, (later: RequestPlan) =>
      new WriteDriver(
        this.#dependencies,
        { ...this.#write, plan: later, wasSent: true },
        this.#done,
        this.#refused,
      ).start(),
    );
    const again = (later: RequestPlan): void => (this.#operation.answered ? giveUp() : goOn(later));
    replan(plan, again, giveUp, this.#replacement.by(this.#operation, this.#refused));
  }

  #answer(driven: PutResult): void {
    const result = this.#write.wasSent === true ? mindfulOfEarlier(driven) : driven;
    countWrite(this.#dependencies, result);
    this.#done(namingAge(result));
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
