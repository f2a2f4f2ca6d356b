/**
 * Reads a CASPaxos register in one round: when a majority has accepted the same value under the same ballot, that value is
 * chosen, and no newer one was when the read began, for it too would have a majority, and one of this majority would have
 * told of it. When they do not agree, a change is under way or was abandoned half-way; then only an operation that
 * confirms a value can tell, and the driver runs one.
 */
import type { Accepted } from './acceptor.ts';
import { type Ballot, compareBallots } from './ballot.ts';
import type { RegisterFailure } from './register-operation.ts';
import type { Voters } from './voters.ts';

/** `undecided`: run a `RegisterOperation` that changes nothing. */
export type RegisterReadResult<Value> =
  | { readonly outcome: 'done'; readonly accepted: Accepted<Value> | undefined }
  | { readonly outcome: 'undecided' }
  | { readonly outcome: 'unavailable'; readonly reason: RegisterFailure };

export type RegisterReadEffect<Value> =
  /** `ballot`: the state is wanted without the value. One that comes with it does no harm. */
  | { readonly type: 'query'; readonly to: string; readonly want: 'value' | 'ballot' }
  | { readonly type: 'answer'; readonly result: RegisterReadResult<Value> };

/** The state of an acceptor as a reader is told it: an `AcceptorState`, if need be without the value. */
export interface RegisterView<Value> {
  /** Of no account for a read. */
  readonly promised?: Ballot | undefined;
  readonly accepted: { readonly ballot: Ballot; readonly value?: Value | undefined } | undefined;
}

export class RegisterRead<Value> {
  readonly #voters: Voters;
  readonly #views = new Map<string, RegisterView<Value>>();
  /** Every value that came, with its ballot: what was accepted under one ballot is the same everywhere, for ever. */
  readonly #values: Accepted<Value>[] = [];
  /** Whom the value was asked from and has not come yet. */
  readonly #awaited = new Set<string>();
  /** Whom the value was ever asked from: each once. */
  readonly #asked = new Set<string>();
  readonly #lost = new Set<string>();
  #isLate = false;
  #answered = false;

  /** The value is asked from the first of the voters. */
  constructor(voters: Voters) {
    this.#voters = voters;
  }

  get answered(): boolean {
    return this.#answered;
  }

  start(): RegisterReadEffect<Value>[] {
    if (this.#answered) return [];
    return this.#voters.all.map((voter, index) => this.#query(voter, index === 0 ? 'value' : 'ballot'));
  }

  /** The state of a voter, as of some moment since the query was sent. */
  receive(voter: string, view: RegisterView<Value>): RegisterReadEffect<Value>[] {
    if (this.#answered || !this.#voters.has(voter)) return [];
    const { accepted } = view;
    if (accepted?.value !== undefined) this.#values.push({ ballot: accepted.ballot, value: accepted.value });
    if (accepted === undefined || accepted.value !== undefined) this.#awaited.delete(voter);
    this.#lost.delete(voter);
    this.#views.set(voter, view);
    return this.#settle();
  }

  fail(voter: string): RegisterReadEffect<Value>[] {
    if (this.#answered || !this.#voters.has(voter)) return [];
    this.#awaited.delete(voter);
    if (!this.#views.has(voter)) this.#lost.add(voter);
    if (this.#voters.majorityOf((each) => !this.#lost.has(each))) return this.#settle();
    return [this.#answer({ outcome: 'unavailable', reason: 'too-few-voters' })];
  }

  /** Who was asked for the value is slow: asks another holder of what a majority agreed on. The driver decides when. */
  standIn(): RegisterReadEffect<Value>[] {
    const agreed = this.#answered ? undefined : this.#agreed();
    return agreed?.accepted === undefined ? [] : this.#askHolder(agreed);
  }

  /** From now on a majority that does not agree is enough to know it: who has not answered is not waited for. */
  late(): RegisterReadEffect<Value>[] {
    if (this.#answered) return [];
    this.#isLate = true;
    return this.#agreed() === undefined ? this.#settle() : [];
  }

  expire(): RegisterReadEffect<Value>[] {
    return this.#answered ? [] : [this.#answer({ outcome: 'unavailable', reason: 'deadline' })];
  }

  #settle(): RegisterReadEffect<Value>[] {
    const agreed = this.#agreed();
    if (agreed === undefined) return this.#mayAgree() ? [] : [this.#answer({ outcome: 'undecided' })];
    if (agreed.accepted === undefined) return [this.#answer({ outcome: 'done', accepted: undefined })];
    const known = this.#values.find((value) => sameAccepted({ accepted: value }, agreed));
    if (known !== undefined) return [this.#answer({ outcome: 'done', accepted: known })];
    return this.#awaited.size > 0 ? [] : this.#askHolder(agreed);
  }

  /** What a majority has told alike. */
  #agreed(): RegisterView<Value> | undefined {
    return [...this.#views.values()].find((view) =>
      this.#voters.majorityOf((voter) => sameAccepted(this.#views.get(voter), view)),
    );
  }

  /** Whether something may have a majority yet, whatever those say who have not answered and are waited for. */
  #mayAgree(): boolean {
    if (this.#isLate && this.#voters.majorityOf((voter) => this.#views.has(voter))) return false;
    const isOpen = (voter: string): boolean => !this.#views.has(voter) && !this.#lost.has(voter);
    if (this.#views.size === 0) return true;
    return [...this.#views.values()].some((view) =>
      this.#voters.majorityOf((voter) => isOpen(voter) || sameAccepted(this.#views.get(voter), view)),
    );
  }

  /** Each is asked once; when all have been and the value has not come, an operation finds it. */
  #askHolder(agreed: RegisterView<Value>): RegisterReadEffect<Value>[] {
    const holder = this.#voters.all.find(
      (voter) => !this.#asked.has(voter) && sameAccepted(this.#views.get(voter), agreed),
    );
    if (holder !== undefined) return [this.#query(holder, 'value')];
    return this.#awaited.size > 0 ? [] : [this.#answer({ outcome: 'undecided' })];
  }

  #query(to: string, want: 'value' | 'ballot'): RegisterReadEffect<Value> {
    if (want === 'value') {
      this.#asked.add(to);
      this.#awaited.add(to);
    }
    return { type: 'query', to, want };
  }

  #answer(result: RegisterReadResult<Value>): RegisterReadEffect<Value> {
    this.#answered = true;
    return { type: 'answer', result };
  }
}

function sameAccepted<Value>(a: RegisterView<Value> | undefined, b: RegisterView<Value>): boolean {
  if (a === undefined) return false;
  if (a.accepted === undefined || b.accepted === undefined) return a.accepted === b.accepted;
  return compareBallots(a.accepted.ballot, b.accepted.ballot) === 0;
}
