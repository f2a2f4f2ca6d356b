/** Drives one read of a set of siblings: carries its fetches and repairs to replicas, and time to it. */
import { SiblingRead, type SiblingReadEffect, type SiblingReadResult } from '@kv/quorum';
import { encodeContext, WireError } from '@kv/wire';
import type { PeerFailure } from '../../peer-requests.ts';
import type { Timer } from '../../ports.ts';
import type { GetResult } from '../../requests.ts';
import type { CoordinatorDependencies } from '../coordinator.ts';
import { countRead, type DrivenRead } from '../read-driver.ts';
import { isPlannedTooEarly, Replacement } from '../replan.ts';
import type { HeldRecord } from '../replica-access.ts';
import type { RequestPlan } from '../request-plan.ts';
import { StandIns } from '../stand-ins.ts';
import { foundIn, knownSet, mergingSets, type StoredSet } from './stored-set.ts';

export class SiblingReadDriver {
  readonly #dependencies: CoordinatorDependencies;
  readonly #read: DrivenRead;
  readonly #done: (result: GetResult) => void;
  readonly #operation: SiblingRead<StoredSet>;
  readonly #standIns: StandIns;
  #deadlineTimer: Timer | undefined;
  readonly #replacement = new Replacement(() => this.#cancelTimers());

  constructor(dependencies: CoordinatorDependencies, read: DrivenRead, done: (result: GetResult) => void) {
    const { clock, strategies, membership } = dependencies;
    this.#dependencies = dependencies;
    this.#read = read;
    this.#done = done;
    const down = read.plan.replicas.filter((owner) => membership.stateOf(owner) === 'down');
    this.#operation = new SiblingRead({ ...read.plan, down }, clock.monotonicMs(), mergingSets(strategies.siblings));
    this.#standIns = new StandIns(dependencies, { standIn: () => this.#standIn() });
  }

  start(): void {
    const { timers, clock } = this.#dependencies;
    this.#run(this.#operation.start());
    if (this.#operation.answered || this.#replacement.isMade) return;
    const remaining = this.#read.deadline - clock.monotonicMs();
    this.#deadlineTimer = timers.set(remaining, () => this.#run(this.#operation.expire()));
    this.#standIns.start();
  }

  #standIn(): boolean {
    const effects = this.#operation.standIn();
    this.#run(effects);
    return effects.length > 0;
  }

  #run(effects: readonly SiblingReadEffect<StoredSet>[]): void {
    if (this.#replacement.isMade) return;
    for (const effect of effects) {
      if (effect.type === 'fetch') this.#fetch(effect.from, effect.want);
      else if (effect.type === 'repair') this.#repair(effect.to, effect.set.digest, effect.set.content);
      else this.#answer(effect.result);
    }
  }

  #fetch(from: string, want: 'value' | 'version'): void {
    const { plan, deadline } = this.#read;
    const askedAt = this.#standIns.asked(from);
    this.#dependencies.access.read(from, plan.place, want, deadline, {
      answered: (held) => {
        this.#standIns.answered(from, askedAt);
        this.#received(from, held);
      },
      failed: (failure, reason) => {
        this.#standIns.failed(from);
        this.#failed(from, failure, reason);
      },
    });
  }

  #received(from: string, held: HeldRecord): void {
    let effects: readonly SiblingReadEffect<StoredSet>[];
    try {
      effects = this.#operation.receive(from, knownSet(held), this.#now());
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#failed(from, 'unreachable', error.code);
      return;
    }
    this.#run(effects);
  }

  #repair(to: string, digest: string, { record }: StoredSet): void {
    const { access, counters } = this.#dependencies;
    const { plan, deadline } = this.#read;
    counters.repairsSent += 1;
    access.write(to, plan.place, record, deadline, {
      answered: () => {
        counters.repairsAcknowledged += 1;
        this.#run(this.#operation.repaired(to, digest));
      },
      failed: (failure, reason) => this.#failed(to, failure, reason),
    });
  }

  #failed(replica: string, failure: PeerFailure, reason: string): void {
    const fail = (): void => this.#run(this.#operation.fail(replica, failure, reason, this.#now()));
    if (isPlannedTooEarly(reason)) this.#planAgain(fail);
    else fail();
  }

  #planAgain(giveUp: () => void): void {
    const { plan, replan, refused } = this.#read;
    const again = this.#replacement.by(this.#operation, (later: RequestPlan) =>
      new SiblingReadDriver(this.#dependencies, { ...this.#read, plan: later }, this.#done).start(),
    );
    replan(plan, again, giveUp, refused && this.#replacement.by(this.#operation, refused));
  }

  #cancelTimers(): void {
    this.#deadlineTimer?.cancel();
    this.#standIns.stop();
  }

  #answer(result: SiblingReadResult<StoredSet>): void {
    this.#cancelTimers();
    const told = this.#told(result);
    const { counters } = this.#dependencies;
    if (told.outcome === 'siblings') counters.readsSiblings += 1;
    countRead(counters, { outcome: told.outcome === 'siblings' ? 'found' : told.outcome });
    this.#done(told);
  }

  #told(result: SiblingReadResult<StoredSet>): GetResult {
    if (result.outcome !== 'found') return result;
    const { receipt, set } = result;
    const { keyspaceId, key } = this.#read.plan.place;
    const context = encodeContext(set.content.set.context, keyspaceId, key);
    const siblings = foundIn(set.content, this.#dependencies.codec);
    const [only] = siblings;
    if (only === undefined) return { outcome: 'absent', version: set.version, context, receipt };
    if (siblings.length === 1) return { outcome: 'found', ...only, context, receipt };
    return { outcome: 'siblings', siblings, context, receipt };
  }

  #now(): number {
    return this.#dependencies.clock.monotonicMs();
  }
}
