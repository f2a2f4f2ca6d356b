/** Drives the scan of one stretch of one partition: carries its questions to owners, and time to it. */
import type { Receipt, ReplicaPlan } from '@kv/quorum';
import type { ReplicaScan, ReplicaScanReply } from '@kv/wire';
import { isPlannedTooEarly } from '../coordinator/replan.ts';
import { type StandInDependencies, StandIns } from '../coordinator/stand-ins.ts';
import type { Timer } from '../ports.ts';
import { type MergedAnswers, mergeAnswers } from './merge-answers.ts';
import { type OwnerEffect, OwnerAnswers } from './owner-answers.ts';
import type { ScanAccess } from './scan-access.ts';

export interface PartitionScanDependencies extends StandInDependencies {
  readonly access: ScanAccess;
}

export interface PartitionScanTerms {
  readonly plan: ReplicaPlan;
  /** Plans it again with a topology later than that of a plan, or finds out that this cannot be. */
  readonly replan: (planned: ReplicaPlan, again: (plan: ReplicaPlan) => void, giveUp: () => void) => void;
  readonly keyspaceId: number;
  /** What the nearest owner is asked; the others only for versions. */
  readonly message: ReplicaScan;
  /** Monotonic milliseconds. */
  readonly deadline: number;
}

export type PartitionScanResult =
  | ({ readonly outcome: 'scanned' } & MergedAnswers)
  | { readonly outcome: 'unavailable' | 'timed-out'; readonly receipt: Receipt };

export class PartitionScan {
  readonly #dependencies: PartitionScanDependencies;
  readonly #terms: PartitionScanTerms;
  readonly #done: (result: PartitionScanResult) => void;
  readonly #answers: OwnerAnswers<ReplicaScanReply>;
  readonly #standIns: StandIns;
  #deadlineTimer: Timer | undefined;
  #ended = false;

  /** `done` is called once. */
  constructor(
    dependencies: PartitionScanDependencies,
    terms: PartitionScanTerms,
    done: (result: PartitionScanResult) => void,
  ) {
    this.#dependencies = dependencies;
    this.#terms = terms;
    this.#done = done;
    this.#answers = new OwnerAnswers(terms.plan, terms.message.want, dependencies.clock.monotonicMs());
    this.#standIns = new StandIns(dependencies, { standIn: () => this.#standIn() });
  }

  start(): void {
    const { timers, clock } = this.#dependencies;
    this.#run(this.#answers.start());
    if (this.#ended) return;
    const remaining = this.#terms.deadline - clock.monotonicMs();
    this.#deadlineTimer = timers.set(remaining, () => this.#run(this.#answers.expire()));
    this.#standIns.start();
  }

  #standIn(): boolean {
    const effects = this.#answers.standIn();
    this.#run(effects);
    return effects.length > 0;
  }

  #run(effects: readonly OwnerEffect<ReplicaScanReply>[]): void {
    if (this.#ended) return;
    for (const effect of effects) {
      if (effect.type === 'ask') this.#ask(effect.owner, { ...this.#terms.message, want: effect.want });
      else if (effect.type === 'enough') this.#end({ outcome: 'scanned', ...mergeAnswers(effect.answers) });
      else this.#end({ outcome: effect.outcome, receipt: effect.receipt });
    }
  }

  #ask(owner: string, message: ReplicaScan): void {
    const { access, clock } = this.#dependencies;
    const { keyspaceId, deadline, plan } = this.#terms;
    const askedAt = this.#standIns.asked(owner);
    access.scan(
      owner,
      { keyspaceId, epoch: plan.epoch, message, deadline },
      {
        answered: (reply) => {
          this.#standIns.answered(owner, askedAt);
          this.#run(this.#answers.receive(owner, reply, clock.monotonicMs()));
        },
        failed: (failure, reason) => {
          this.#standIns.failed(owner);
          const fail = (): void => this.#run(this.#answers.fail(owner, failure, reason, clock.monotonicMs()));
          if (isPlannedTooEarly(reason)) this.#planAgain(fail);
          else fail();
        },
      },
    );
  }

  /** Another one goes on, by a later topology. */
  #planAgain(giveUp: () => void): void {
    const again = (plan: ReplicaPlan): void => {
      if (this.#ended) return;
      this.#halt();
      new PartitionScan(this.#dependencies, { ...this.#terms, plan }, this.#done).start();
    };
    this.#terms.replan(this.#terms.plan, again, giveUp);
  }

  #end(result: PartitionScanResult): void {
    this.#halt();
    this.#done(result);
  }

  #halt(): void {
    this.#ended = true;
    this.#deadlineTimer?.cancel();
    this.#standIns.stop();
  }
}
