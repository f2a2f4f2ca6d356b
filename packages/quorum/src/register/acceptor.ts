/**
 * One acceptor of a CASPaxos register (Rystsov 2018, "CASPaxos: Replicated State Machines without logs"), as functions of
 * its state. It promises to take nothing from lower ballots, and accepts values; a majority that accepted one value under
 * one ballot has chosen it.
 *
 * The state returned must be durable before the reply is sent: a promise that a crash makes forgotten is a lie. Nothing
 * but these two functions may change it.
 */
import { type Ballot, compareBallots, higherBallot } from './ballot.ts';

export interface Accepted<Value> {
  readonly ballot: Ballot;
  readonly value: Value;
}

/** Invariant: what was accepted was accepted under a ballot not above the promised one. */
export interface AcceptorState<Value> {
  readonly promised: Ballot | undefined;
  readonly accepted: Accepted<Value> | undefined;
}

export type AcceptorReply<Value> =
  /** Nothing below the ballot asked for will be taken any more; `accepted` is what was, last. */
  | { readonly type: 'promised'; readonly accepted: Accepted<Value> | undefined }
  | { readonly type: 'accepted' }
  /** Nothing was done: a ballot at least as high as `promised` is needed. */
  | { readonly type: 'outbid'; readonly promised: Ballot };

export interface AcceptorStep<Value> {
  /** The same object if nothing changed: then nothing has to be written. */
  readonly state: AcceptorState<Value>;
  readonly reply: AcceptorReply<Value>;
}

/** Of an acceptor that was never asked. */
export const emptyAcceptor: AcceptorState<never> = { promised: undefined, accepted: undefined };

/** A repeated request of the same proposer is answered as it was the first time. */
export function prepare<Value>(state: AcceptorState<Value>, ballot: Ballot): AcceptorStep<Value> {
  const { promised, accepted } = state;
  const order = promised === undefined ? 1 : compareBallots(ballot, promised);
  if (promised !== undefined && order < 0) return { state, reply: { type: 'outbid', promised } };
  const reply: AcceptorReply<Value> = { type: 'promised', accepted };
  return order === 0 ? { state, reply } : { state: { promised: ballot, accepted }, reply };
}

/** Also taken without a promise, from a ballot that is high enough: that is how a value reaches who missed the first round. */
export function accept<Value>(state: AcceptorState<Value>, ballot: Ballot, value: Value): AcceptorStep<Value> {
  const { promised, accepted } = state;
  if (promised !== undefined && compareBallots(ballot, promised) < 0) {
    return { state, reply: { type: 'outbid', promised } };
  }
  const reply: AcceptorReply<Value> = { type: 'accepted' };
  if (accepted !== undefined && compareBallots(accepted.ballot, ballot) === 0) return { state, reply };
  return { state: { promised: higherBallot(promised, ballot), accepted: { ballot, value } }, reply };
}
