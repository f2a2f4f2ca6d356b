/**
 * One change of a CASPaxos register, or one read of it, at its proposer (Rystsov 2018): prepare at all voters, apply the
 * change to the newest value that a majority knows, have a majority accept the outcome. An attempt that is outbid is made
 * again with a higher ballot, after a pause that grows and is drawn at random, so that two proposers do not outbid each
 * other for ever.
 *
 * A plain synchronous object: send what it says, hand in what comes back, wake it when its pause is over, and tell it when
 * the deadline has passed. After the `answer` effect there are no more.
 */
import type { Accepted, AcceptorReply } from './acceptor.ts';
import { type Ballot, ballotAbove, compareBallots, higherBallot } from './ballot.ts';
import type { Voters } from './voters.ts';

/** What is to become of a register: another value, or the same one. The result is for whoever asked. */
export interface Change<Value, Result> {
  /** Absent: the value stays; it is confirmed by a majority all the same, so that no later read sees an older one. */
  readonly next?: Value;
  readonly result: Result;
}

export type RegisterRequest<Value> =
  | { readonly type: 'prepare'; readonly ballot: Ballot }
  | { readonly type: 'accept'; readonly ballot: Ballot; readonly value: Value };

/**
 * - `done`: a majority holds the value from which the result follows.
 * - `unavailable`: nothing was changed: no voter was asked to accept anything new.
 * - `unknown`: the change may take place, now or later, or not at all.
 */
export type RegisterResult<Value, Result> =
  | {
      readonly outcome: 'done';
      readonly result: Result;
      readonly value: Value | undefined;
      readonly ballot: Ballot | undefined;
    }
  | { readonly outcome: 'unavailable' | 'unknown'; readonly reason: RegisterFailure };

/**
 * `too-few-voters`: no majority can answer any more. `deadline`: time ran out first. `outbid`: a value that this operation
 * had proposed was overtaken, and nothing is there with which a majority could rule it out.
 */
export type RegisterFailure = 'too-few-voters' | 'deadline' | 'outbid';

export type RegisterEffect<Value, Result> =
  | { readonly type: 'send'; readonly to: string; readonly request: RegisterRequest<Value> }
  /** Call `wake` with the same `attempt` when so many milliseconds have passed. */
  | { readonly type: 'pause'; readonly milliseconds: number; readonly attempt: number }
  | { readonly type: 'answer'; readonly result: RegisterResult<Value, Result> };

export interface RegisterOptions {
  /**
   * A name that nobody has ever proposed to this register under, this process in an earlier life and an operation that
   * runs beside this one included: a node's id, its generation and a number will do.
   */
  readonly proposer: string;
  /**
   * What each attempt's ballot is above, beside all that was heard of: by a clock, say. So an operation that was outbid comes back
   * not behind those that came meanwhile, who would outbid it once more.
   */
  readonly above?: (() => Ballot | undefined) | undefined;
  /** Randomness in [0, 1). */
  readonly random: { next(): number };
  /**
   * Longest first pause after being outbid, doubled up to three times with further ones; default 8. Best about as long as
   * an operation takes: shorter, and proposers outbid each other; longer, and nobody makes use of the register meanwhile.
   */
  readonly pauseMs?: number;
}

/** Without an end to it, whoever was outbid often would wait ever longer than those who come anew. */
const mostDoublings = 3;

export class RegisterOperation<Value, Result> {
  readonly #voters: Voters;
  readonly #change: (current: Value | undefined) => Change<Value, Result>;
  readonly #options: RegisterOptions;
  #ballot: Ballot | undefined;
  /** The highest ballot that anybody answered with. */
  #seen: Ballot | undefined;
  #phase: 'idle' | 'preparing' | 'accepting' | 'pausing' | 'answered' = 'idle';
  #attempt = 0;
  /** Voters that gave what the phase asks for, and those that cannot any more. */
  readonly #agreed = new Set<string>();
  readonly #lost = new Set<string>();
  /** Of the promises of this attempt. */
  #newest: Accepted<Value> | undefined;
  #outcome: { readonly value: Value | undefined; readonly result: Result } | undefined;
  /** Whether any voter was ever asked to accept something new. */
  #proposed = false;

  /**
   * `change` is called once in each attempt, and must depend on the current value alone. An attempt that was outbid may
   * have been accepted nevertheless, and then the next one sees a value that this very change made: to change it twice
   * would be wrong. See `recall`.
   */
  constructor(voters: Voters, change: (current: Value | undefined) => Change<Value, Result>, options: RegisterOptions) {
    this.#voters = voters;
    this.#change = change;
    this.#options = options;
  }

  get answered(): boolean {
    return this.#phase === 'answered';
  }

  start(): RegisterEffect<Value, Result>[] {
    return this.#phase === 'idle' ? this.#prepare() : [];
  }

  /** A voter's reply to a request under this ballot; one to an earlier attempt changes nothing. */
  receive(voter: string, ballot: Ballot, reply: AcceptorReply<Value>): RegisterEffect<Value, Result>[] {
    if (!this.#waitsFor(voter, ballot)) return [];
    switch (reply.type) {
      case 'outbid':
        return this.#outbid(reply.promised);
      case 'promised':
        return this.#phase === 'preparing' ? this.#promised(voter, ballot, reply.accepted) : [];
      case 'accepted':
        return this.#phase === 'accepting' ? this.#accepted(voter, ballot) : [];
    }
  }

  /** A voter could not be reached, or refused: in this attempt it counts no more. */
  fail(voter: string, ballot: Ballot): RegisterEffect<Value, Result>[] {
    if (!this.#waitsFor(voter, ballot) || this.#agreed.has(voter)) return [];
    this.#lost.add(voter);
    if (this.#voters.majorityOf((each) => !this.#lost.has(each))) return [];
    return this.#giveUp('too-few-voters');
  }

  /** The pause is over. */
  wake(attempt: number): RegisterEffect<Value, Result>[] {
    return this.#phase === 'pausing' && attempt === this.#attempt ? this.#prepare() : [];
  }

  /** The deadline passed. */
  expire(): RegisterEffect<Value, Result>[] {
    return this.#phase === 'answered' ? [] : this.#giveUp('deadline');
  }

  #waitsFor(voter: string, ballot: Ballot): boolean {
    const waiting = this.#phase === 'preparing' || this.#phase === 'accepting';
    if (!waiting || !this.#voters.has(voter) || this.#ballot === undefined) return false;
    return compareBallots(ballot, this.#ballot) === 0;
  }

  #prepare(): RegisterEffect<Value, Result>[] {
    this.#attempt += 1;
    const { proposer, above } = this.#options;
    const ballot = ballotAbove(higherBallot(higherBallot(this.#seen, this.#ballot), above?.()), proposer);
    this.#ballot = ballot;
    this.#newest = undefined;
    return this.#ask('preparing', { type: 'prepare', ballot });
  }

  #promised(voter: string, ballot: Ballot, accepted: Accepted<Value> | undefined): RegisterEffect<Value, Result>[] {
    this.#agreed.add(voter);
    this.#lost.delete(voter);
    const newer =
      accepted !== undefined &&
      (this.#newest === undefined || compareBallots(accepted.ballot, this.#newest.ballot) > 0);
    if (newer) this.#newest = accepted;
    return this.#voters.majorityOf((each) => this.#agreed.has(each)) ? this.#propose(ballot) : [];
  }

  #propose(ballot: Ballot): RegisterEffect<Value, Result>[] {
    const current = this.#newest?.value;
    const { next, result } = this.#change(current);
    this.#outcome = { value: next ?? current, result };
    // Nothing was ever accepted, by a majority's word, and nothing is to be: there is nothing to confirm. But what an
    // earlier attempt of this very operation proposed may rest with a voter of the minority, and be found there later.
    if (this.#outcome.value === undefined) return this.#proposed ? this.#giveUp('outbid') : [this.#answer(undefined)];
    if (next !== undefined) this.#proposed = true;
    return this.#ask('accepting', { type: 'accept', ballot, value: this.#outcome.value });
  }

  #accepted(voter: string, ballot: Ballot): RegisterEffect<Value, Result>[] {
    this.#agreed.add(voter);
    this.#lost.delete(voter);
    return this.#voters.majorityOf((each) => this.#agreed.has(each)) ? [this.#answer(ballot)] : [];
  }

  /** One higher promise is enough to know that this attempt is unlikely to succeed; another one costs less than to wait. */
  #outbid(promised: Ballot): RegisterEffect<Value, Result>[] {
    this.#seen = higherBallot(this.#seen, promised);
    this.#phase = 'pausing';
    const { random, pauseMs = 8 } = this.#options;
    const longest = pauseMs * 2 ** Math.min(this.#attempt - 1, mostDoublings);
    return [{ type: 'pause', milliseconds: random.next() * longest, attempt: this.#attempt }];
  }

  #ask(phase: 'preparing' | 'accepting', request: RegisterRequest<Value>): RegisterEffect<Value, Result>[] {
    this.#phase = phase;
    this.#agreed.clear();
    this.#lost.clear();
    return this.#voters.all.map((to) => ({ type: 'send', to, request }));
  }

  #answer(ballot: Ballot | undefined): RegisterEffect<Value, Result> {
    this.#phase = 'answered';
    if (this.#outcome === undefined) throw new TypeError('a register operation is answered after its change');
    return { type: 'answer', result: { outcome: 'done', ...this.#outcome, ballot } };
  }

  #giveUp(reason: RegisterFailure): RegisterEffect<Value, Result>[] {
    this.#phase = 'answered';
    return [{ type: 'answer', result: { outcome: this.#proposed ? 'unknown' : 'unavailable', reason } }];
  }
}
