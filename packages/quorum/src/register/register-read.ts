/**
 * Reads a CASPaxos register in one round: when a majority has accepted the same value under the same ballot, that value is
 * chosen, and no newer one was when the read began, for it too would have a majority, and one of this majority would have
 * told of it. When they do not agree, a change is under way or was abandoned half-way; then only an operation that
 * confirms a value can tell, and the driver runs one.
 */
import type { Accepted, AcceptorState } from './acceptor.ts';
import { compareBallots } from './ballot.ts';
import type { RegisterFailure } from './register-operation.ts';
import type { Voters } from './voters.ts';

/** `undecided`: run a `RegisterOperation` that changes nothing. */
export type RegisterReadResult<Value> =
  | { readonly outcome: 'done'; readonly accepted: Accepted<Value> | undefined }
  | { readonly outcome: 'undecided' }
  | { readonly outcome: 'unavailable'; readonly reason: RegisterFailure };

export type RegisterReadEffect<Value> =
  | { readonly type: 'query'; readonly to: string }
  | { readonly type: 'answer'; readonly result: RegisterReadResult<Value> };

export class RegisterRead<Value> {
  readonly #voters: Voters;
  readonly #states = new Map<string, AcceptorState<Value>>();
  readonly #lost = new Set<string>();
  #answered = false;

  constructor(voters: Voters) {
    this.#voters = voters;
  }

  get answered(): boolean {
    return this.#answered;
  }

  start(): RegisterReadEffect<Value>[] {
    return this.#answered ? [] : this.#voters.all.map((to) => ({ type: 'query', to }));
  }

  /** The state of a voter, as of some moment since the query was sent. */
  receive(voter: string, state: AcceptorState<Value>): RegisterReadEffect<Value>[] {
    if (this.#answered || !this.#voters.has(voter)) return [];
    this.#lost.delete(voter);
    this.#states.set(voter, state);
    const holders = (voter: string): boolean => sameAccepted(this.#states.get(voter), state);
    if (this.#voters.majorityOf(holders)) return [this.#answer({ outcome: 'done', accepted: state.accepted })];
    return this.#settle();
  }

  fail(voter: string): RegisterReadEffect<Value>[] {
    if (this.#answered || !this.#voters.has(voter) || this.#states.has(voter)) return [];
    this.#lost.add(voter);
    if (this.#voters.majorityOf((each) => !this.#lost.has(each))) return this.#settle();
    return [this.#answer({ outcome: 'unavailable', reason: 'too-few-voters' })];
  }

  expire(): RegisterReadEffect<Value>[] {
    return this.#answered ? [] : [this.#answer({ outcome: 'unavailable', reason: 'deadline' })];
  }

  /** Undecided as soon as no value can have a majority any more, whatever those say who have not answered yet. */
  #settle(): RegisterReadEffect<Value>[] {
    const isOpen = (voter: string): boolean => !this.#states.has(voter) && !this.#lost.has(voter);
    const mayAgree = [...this.#states.values()].some((state) =>
      this.#voters.majorityOf((voter) => isOpen(voter) || sameAccepted(this.#states.get(voter), state)),
    );
    return mayAgree || this.#states.size === 0 ? [] : [this.#answer({ outcome: 'undecided' })];
  }

  #answer(result: RegisterReadResult<Value>): RegisterReadEffect<Value> {
    this.#answered = true;
    return { type: 'answer', result };
  }
}

function sameAccepted<Value>(a: AcceptorState<Value> | undefined, b: AcceptorState<Value>): boolean {
  if (a === undefined) return false;
  if (a.accepted === undefined || b.accepted === undefined) return a.accepted === b.accepted;
  return compareBallots(a.accepted.ballot, b.accepted.ballot) === 0;
}
