/** What happened to a request, replica by replica: the answer to "did my write happen?" and "who told me this?". */
import type { Version } from './version.ts';

/**
 * - `applied`: the replica holds the version of this request, durably.
 * - `superseded`: it holds a newer one, durably.
 * - `held`, `absent`: what a read found there.
 * - `refused`: it did not do it and never will for this request.
 * - `unreachable`: the request could not be delivered, or the link broke: it may have been done.
 * - `pending`: no answer by the time of the receipt: it may have been done.
 */
export type ReplicaAnswerKind = 'applied' | 'superseded' | 'held' | 'absent' | 'refused' | 'unreachable' | 'pending';

export interface ReplicaAnswer {
  readonly replica: string;
  readonly answer: ReplicaAnswerKind;
  /** The version that the replica said it holds. */
  readonly version?: Version;
  /** From the request's first send to this answer, in milliseconds of the coordinator's monotonic clock. */
  readonly latencyMs?: number;
  /** Stable code of a refusal or of a broken link. */
  readonly reason?: string;
}

export interface Receipt {
  /** Strict: only owners of the key were counted. */
  readonly mode: 'strict';
  readonly epoch: number;
  readonly needed: number;
  /** Distinct servers whose answer counted towards `needed`. */
  readonly got: number;
  /** Every replica that was asked, in the order of the plan. */
  readonly replicas: readonly ReplicaAnswer[];
  /** Replicas that were sent the winning version by this read, and those that confirmed it before the answer. */
  readonly repairs: { readonly sent: number; readonly acknowledged: number };
}
