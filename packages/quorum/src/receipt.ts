/** What happened to a request, replica by replica: the answer to "did my write happen?" and "who told me this?". */
import type { Version } from './version.ts';

/**
 * - `applied`: the replica holds the version of this request, durably.
 * - `superseded`: it holds a newer one, durably.
 * - `held`, `absent`: what a read found there.
 * - `refused`: it did not do it and never will for this request.
 * - `unreachable`: the request could not be delivered, or the link broke: it may have been done.
 * - `pending`: no answer by the time of the receipt: it may have been done.
 * - `down`: an owner that was not asked, for it was believed down.
 */
export type ReplicaAnswerKind =
  | 'applied'
  | 'superseded'
  | 'held'
  | 'absent'
  | 'refused'
  | 'unreachable'
  | 'pending'
  | 'down';

export interface ReplicaAnswer {
  readonly replica: string;
  /** An owner of the key, or a server that stands in for one. */
  readonly role: 'primary' | 'fallback';
  /** The owner for whom a fallback keeps the write as a hint. */
  readonly hintFor?: string;
  readonly answer: ReplicaAnswerKind;
  /** The version that the replica said it holds. */
  readonly version?: Version;
  /** From the request's first send to this answer, in milliseconds of the coordinator's monotonic clock. */
  readonly latencyMs?: number;
  /** Stable code of a refusal or of a broken link. */
  readonly reason?: string;
}

export interface Receipt {
  /** `strict`: owners of the key alone were enough. `sloppy`: fallbacks were counted among the answers. */
  readonly mode: 'strict' | 'sloppy';
  readonly epoch: number;
  readonly needed: number;
  /**
   * Distinct servers whose answer counted towards `needed`; of a request that was refused before anything was sent,
   * those that could have been asked.
   */
  readonly got: number;
  /** Every replica that was asked or believed down: the owners in the order of the plan, then the fallbacks. */
  readonly replicas: readonly ReplicaAnswer[];
  readonly repairs: Repairs;
}

/** What a read did so that no later one goes behind it. */
export interface Repairs {
  /** Replicas that were sent the winning version by this read, and those that confirmed it before the answer. */
  readonly sent: number;
  readonly acknowledged: number;
  /** Owners that had to hold the answer before it was given; 0 where nothing has to be waited for. */
  readonly needed: number;
  /** Owners known to hold it. Below `needed` in a sloppy read that could not wait: a later read may go behind it. */
  readonly held: number;
}

export const noRepairs: Repairs = { sent: 0, acknowledged: 0, needed: 0, held: 0 };
