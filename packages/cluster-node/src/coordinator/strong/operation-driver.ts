/**
 * Drives one operation on the register of a key: carries its requests to the acceptors, time to it, and keeps what each
 * acceptor answered for the receipt.
 */
import {
  type Ballot,
  type Change,
  compareBallots,
  type Receipt,
  RegisterOperation,
  type RegisterEffect,
  type RegisterResult,
  primary,
  RequestLedger,
  Voters,
} from '@kv/quorum';
import { type RegisterValue, versionOfMeta } from '@kv/wire';
import type { PeerFailure } from '../../peer-requests.ts';
import type { Timer } from '../../ports.ts';
import { isPlannedTooEarly } from '../replan.ts';
import type { RequestPlan } from '../request-plan.ts';
import type { Pace } from '../../clock/pace.ts';
import type { StrongDependencies } from './strong-coordinator.ts';
import type { RegisterReply, VoterRequest } from './voter-access.ts';

export interface DrivenAnswer<Result> {
  readonly result: RegisterResult<RegisterValue, Result>;
  readonly receipt: Receipt;
  /** A replica has a later topology, in which the keyspace has changed. */
  readonly isFenced: boolean;
}

export interface DrivenOperation<Result> {
  readonly plan: RequestPlan;
  readonly change: (current: RegisterValue | undefined) => Change<RegisterValue, Result>;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  readonly pace: Pace;
}

export class OperationDriver<Result> {
  readonly #dependencies: StrongDependencies;
  readonly #plan: RequestPlan;
  readonly #deadline: number;
  readonly #done: (answer: DrivenAnswer<Result>) => void;
  readonly #operation: RegisterOperation<RegisterValue, Result>;
  readonly #pace: Pace;
  readonly #startedAt: number;
  #roundStartedAt = 0;
  /** Of the requests under way: who was asked to accept and has not answered may have done it, whatever it said before. */
  #ledger: RequestLedger;
  /** Who gave what the requests under way ask for. */
  readonly #agreed = new Set<string>();
  #asked: VoterRequest | undefined;
  #isFenced = false;
  #deadlineTimer: Timer | undefined;
  #pauseTimer: Timer | undefined;

  constructor(
    dependencies: StrongDependencies,
    { plan, change, deadline, pace }: DrivenOperation<Result>,
    done: (answer: DrivenAnswer<Result>) => void,
  ) {
    const { ballots, random, clock, timers } = dependencies;
    this.#dependencies = dependencies;
    this.#plan = plan;
    this.#deadline = deadline;
    this.#done = done;
    this.#pace = pace;
    const pauseMs = 2 * pace.roundMs;
    this.#operation = new RegisterOperation(new Voters(plan.replicas), change, { ...ballots.next(), random, pauseMs });
    this.#startedAt = clock.monotonicMs();
    this.#ledger = new RequestLedger(plan, this.#startedAt);
    this.#deadlineTimer = timers.set(deadline - clock.monotonicMs(), () => this.#run(this.#operation.expire()));
  }

  get answered(): boolean {
    return this.#operation.answered;
  }

  /** Sends nothing where its deadline has passed before its turn came. */
  start(): void {
    if (!this.answered) this.#run(this.#operation.start());
  }

  #run(effects: readonly RegisterEffect<RegisterValue, Result>[]): void {
    for (const effect of effects) {
      if (effect.type === 'send') this.#send(effect.to, effect.request);
      else if (effect.type === 'pause') this.#pause(effect.milliseconds, effect.attempt);
      else this.#answer(effect.result);
    }
  }

  #send(to: string, request: VoterRequest): void {
    if (!this.#isUnderWay(request)) this.#askAnew(request);
    this.#ledger.asked(primary(to));
    this.#dependencies.access.propose(to, this.#plan.place, request, this.#deadline, {
      answered: (reply) => this.#answered(to, request, reply),
      failed: (failure, reason) => this.#failed(to, request, failure, reason),
    });
  }

  #askAnew(request: VoterRequest): void {
    this.#asked = request;
    this.#roundStartedAt = this.#now();
    this.#agreed.clear();
    this.#ledger = new RequestLedger(this.#plan, this.#startedAt);
  }

  #answered(voter: string, request: VoterRequest, reply: RegisterReply): void {
    if (this.#isUnderWay(request)) this.#note(voter, request, reply);
    this.#run(this.#operation.receive(voter, request.ballot, reply));
  }

  #note(voter: string, request: VoterRequest, reply: RegisterReply): void {
    const now = this.#now();
    if (reply.type === 'outbid') {
      this.#ledger.answered(primary(voter), { answer: 'refused', reason: 'OUTBID' }, now);
      return;
    }
    const accepted = request.type === 'accept' ? request.value : reply.type === 'promised' && reply.accepted?.value;
    const version = accepted ? versionOfMeta(accepted.meta) : undefined;
    const answer = request.type === 'accept' ? 'applied' : version === undefined ? 'absent' : 'held';
    this.#agreed.add(voter);
    if (this.#agreed.size === this.#plan.needed) this.#pace.took(now - this.#roundStartedAt);
    this.#ledger.answered(primary(voter), { answer, ...(version !== undefined && { version }) }, now);
  }

  #failed(voter: string, request: VoterRequest, failure: PeerFailure, reason: string): void {
    this.#isFenced ||= isPlannedTooEarly(reason);
    if (this.#isUnderWay(request)) this.#ledger.answered(primary(voter), { answer: failure, reason }, this.#now());
    this.#run(this.#operation.fail(voter, request.ballot));
  }

  #pause(milliseconds: number, attempt: number): void {
    const { timers, counters } = this.#dependencies;
    counters.operationsOutbid += 1;
    this.#pauseTimer = timers.set(milliseconds, () => this.#run(this.#operation.wake(attempt)));
  }

  #answer(result: RegisterResult<RegisterValue, Result>): void {
    this.#deadlineTimer?.cancel();
    this.#pauseTimer?.cancel();
    this.#done({
      result,
      receipt: this.#ledger.receipt({ mode: 'strict', got: this.#agreed.size }),
      isFenced: this.#isFenced,
    });
  }

  #isUnderWay({ type, ballot }: VoterRequest): boolean {
    return !this.answered && this.#asked?.type === type && sameBallot(this.#asked.ballot, ballot);
  }

  #now(): number {
    return this.#dependencies.clock.monotonicMs();
  }
}

function sameBallot(a: Ballot, b: Ballot): boolean {
  return compareBallots(a, b) === 0;
}
