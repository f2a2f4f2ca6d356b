/** Drives the one round of a read of a key's register: its queries to the acceptors, and time to it. */
import {
  type Receipt,
  type RegisterRead,
  type RegisterReadEffect,
  type RegisterReadResult,
  primary,
  RequestLedger,
  Voters,
} from '@kv/quorum';
import type { RegisterQueryReply, RegisterValue } from '@kv/wire';
import type { Timer } from '../../ports.ts';
import { isPlannedTooEarly } from '../replan.ts';
import type { RequestPlan } from '../request-plan.ts';
import { StandIns } from '../stand-ins.ts';
import type { StrongDependencies } from './strong-coordinator.ts';

export interface ReadAnswer {
  readonly result: RegisterReadResult<RegisterValue>;
  readonly receipt: Receipt;
  /** A replica has a later topology, in which the keyspace has changed. */
  readonly isFenced: boolean;
}

export class RegisterReadDriver {
  readonly #dependencies: StrongDependencies;
  readonly #plan: RequestPlan;
  readonly #deadline: number;
  readonly #done: (answer: ReadAnswer) => void;
  readonly #read: RegisterRead<RegisterValue>;
  readonly #ledger: RequestLedger;
  readonly #told = new Set<string>();
  #isFenced = false;
  readonly #standIns: StandIns;
  readonly #startedAt: number;
  #deadlineTimer: Timer | undefined;
  #lateTimer: Timer | undefined;

  /** The value is asked from the first replica of the plan. */
  constructor(
    dependencies: StrongDependencies,
    plan: RequestPlan,
    deadline: number,
    done: (answer: ReadAnswer) => void,
  ) {
    this.#dependencies = dependencies;
    this.#plan = plan;
    this.#deadline = deadline;
    this.#done = done;
    this.#read = dependencies.strategies.registerRead(new Voters(plan.replicas));
    this.#startedAt = dependencies.clock.monotonicMs();
    this.#ledger = new RequestLedger(plan, this.#startedAt);
    this.#standIns = new StandIns(dependencies, {
      standIn: () => this.#standIn(),
      slow: () => this.#lateLater(),
    });
  }

  start(): void {
    this.#run(this.#read.start());
    if (this.#read.answered) return;
    const remaining = this.#deadline - this.#now();
    this.#deadlineTimer = this.#dependencies.timers.set(remaining, () => this.#run(this.#read.expire()));
    this.#standIns.start();
  }

  #standIn(): boolean {
    const effects = this.#read.standIn();
    this.#run(effects);
    return effects.some(({ type }) => type === 'query');
  }

  /** Only a read that is slow has a third timer. */
  #lateLater(): void {
    const { timers, options } = this.#dependencies;
    const remaining = this.#startedAt + options.standInAfterMs - this.#now();
    this.#lateTimer = timers.set(Math.max(0, remaining), () => this.#run(this.#read.late()));
  }

  #run(effects: readonly RegisterReadEffect<RegisterValue>[]): void {
    for (const effect of effects) {
      if (effect.type === 'query') this.#query(effect.to, effect.want);
      else this.#answer(effect.result);
    }
  }

  #query(from: string, want: 'value' | 'ballot'): void {
    this.#ledger.asked(primary(from));
    // Where those who are there do not agree, nobody must wait for what one would say who is not.
    if (this.#dependencies.membership.stateOf(from) === 'down') {
      this.#ledger.answered(primary(from), { answer: 'down' }, this.#now());
      this.#run(this.#read.fail(from));
      return;
    }
    const askedAt = this.#standIns.asked(from);
    this.#dependencies.access.query(from, this.#plan.place, want, this.#deadline, {
      answered: (reply) => {
        this.#standIns.answered(from, askedAt);
        this.#note(from, reply);
        this.#run(this.#read.receive(from, { accepted: reply.accepted }));
      },
      failed: (failure, reason) => {
        this.#standIns.failed(from);
        this.#isFenced ||= isPlannedTooEarly(reason);
        this.#ledger.answered(primary(from), { answer: failure, reason }, this.#now());
        this.#run(this.#read.fail(from));
      },
    });
  }

  #note(from: string, { accepted }: RegisterQueryReply): void {
    this.#told.add(from);
    if (accepted === undefined) this.#ledger.answered(primary(from), { answer: 'absent' }, this.#now());
    else this.#ledger.answered(primary(from), { answer: 'held', version: accepted.version }, this.#now());
  }

  #answer(result: RegisterReadResult<RegisterValue>): void {
    this.#deadlineTimer?.cancel();
    this.#standIns.stop();
    this.#lateTimer?.cancel();
    const got = Math.min(this.#told.size, this.#plan.needed);
    const receipt = this.#ledger.receipt({ mode: 'strict', got });
    this.#done({ result, receipt, isFenced: this.#isFenced });
  }

  #now(): number {
    return this.#dependencies.clock.monotonicMs();
  }
}
