/**
 * One write at its coordinator: send to every replica at once, answer when W distinct servers are durable (Dynamo §4.5).
 *
 * A plain synchronous object: the driver carries out its effects and feeds back what comes in. After the `answer`
 * effect there are no more: further acknowledgements are neither awaited nor cancelled.
 */
import type { Receipt } from './receipt.ts';
import type { ReplicaPlan } from './replica-plan.ts';
import { RequestLedger } from './request-ledger.ts';
import { Tally } from './tally.ts';
import { compareVersions, newerOf, type Version } from './version.ts';

/**
 * - `applied`: W distinct servers are durable and none that answered holds a newer version.
 * - `superseded`: durable likewise, and a newer version, the `winner`, won.
 * - `rejected`: nothing was stored: every replica refused.
 * - `unknown`: it may have been stored, now or later; the receipt names who holds it.
 */
export type WriteOutcome = 'applied' | 'superseded' | 'rejected' | 'unknown';

export interface WriteResult {
  readonly outcome: WriteOutcome;
  readonly version: Version;
  /** The newer version that won, when the outcome is `superseded`. */
  readonly winner?: Version;
  /**
   * False for a `superseded` write with 2W ≤ N: two write quorums need not meet then, so the `winner` may itself have
   * lost to an acknowledged version that no server which answered holds. In either case the loser may be read until
   * the winner has been repaired.
   */
  readonly certain: boolean;
  /** Why a write is `rejected` or `unknown`. */
  readonly reason?: WriteFailure;
  readonly receipt: Receipt;
}

/**
 * `too-few-replicas`: fewer than W can still answer. `deadline`: time ran out first. `refused`: every replica refused. The
 * others are of writes into a set of siblings, which refused it as the `SiblingErrorCode` of that name says.
 */
export type WriteFailure =
  | 'too-few-replicas'
  | 'deadline'
  | 'refused'
  | 'too-many-siblings'
  | 'write-too-old'
  | 'invalid-context';

export type WriteEffect =
  | { readonly type: 'send'; readonly to: string }
  | { readonly type: 'answer'; readonly result: WriteResult };

export class WriteOperation {
  readonly #plan: ReplicaPlan;
  readonly #version: Version;
  readonly #tally: Tally;
  readonly #ledger: RequestLedger;
  #winner: Version | undefined;
  #answered = false;

  /** @param startedAt monotonic milliseconds, the origin of the receipt's latencies */
  constructor(plan: ReplicaPlan, version: Version, startedAt: number) {
    this.#plan = plan;
    this.#version = version;
    this.#tally = new Tally(plan.replicas, plan.needed);
    this.#ledger = new RequestLedger(plan, startedAt);
  }

  get answered(): boolean {
    return this.#answered;
  }

  start(): WriteEffect[] {
    if (this.#answered) return [];
    return this.#plan.replicas.map((to) => {
      this.#ledger.asked(to);
      return { type: 'send', to };
    });
  }

  /**
   * Instead of `start`: answers `rejected` without sending anything, when the driver knows that too few owners are up.
   * After `start` it would be a lie, for what was sent may have been stored; end a started write with `expire`.
   */
  reject(reason: WriteFailure): WriteEffect[] {
    return this.#answered ? [] : this.#answer('rejected', reason);
  }

  /**
   * A replica is durable; `held` is the version that it holds now: this one or a newer one. An older one would mean
   * that it did not store the write, and is ignored, as is what it said before it held something newer.
   */
  acknowledge(replica: string, held: Version, now: number): WriteEffect[] {
    if (this.#ignores(replica)) return [];
    const known = this.#ledger.answerOf(replica)?.version ?? this.#version;
    if (compareVersions(held, known) < 0) return [];
    const superseded = compareVersions(held, this.#version) > 0;
    this.#ledger.answered(replica, { answer: superseded ? 'superseded' : 'applied', version: held }, now);
    if (superseded) this.#winner = newerOf(this.#winner, held);
    this.#tally.acknowledge(replica);
    return this.#settle();
  }

  /**
   * A replica refused (it did nothing), or could not be reached (it may have done it). What may have been done is not
   * undone by the refusal of a second try, nor what is durable by a failure.
   */
  fail(replica: string, answer: 'refused' | 'unreachable', reason: string, now: number): WriteEffect[] {
    if (this.#ignores(replica) || this.#tally.has(replica)) return [];
    if (this.#ledger.answerOf(replica)?.answer === 'unreachable') return [];
    this.#ledger.answered(replica, { answer, reason }, now);
    this.#tally.fail(replica);
    return this.#settle();
  }

  /** The deadline passed. */
  expire(): WriteEffect[] {
    if (this.#answered) return [];
    return this.#answer('unknown', this.#tally.outcome === 'unreachable' ? 'too-few-replicas' : 'deadline');
  }

  #ignores(replica: string): boolean {
    return this.#answered || !this.#ledger.isOwner(replica);
  }

  #settle(): WriteEffect[] {
    switch (this.#tally.outcome) {
      case 'pending':
        return [];
      case 'met':
        return this.#answer(this.#winner === undefined ? 'applied' : 'superseded');
      case 'unreachable':
        return this.#settleUnreachable();
    }
  }

  /**
   * A write that cannot succeed any more still waits for who has not answered: the receipt should name every holder,
   * and that nothing was stored is known only when the last one has refused.
   */
  #settleUnreachable(): WriteEffect[] {
    if (this.#ledger.hasPending()) return [];
    if (this.#ledger.everyoneRefused()) return this.#answer('rejected', 'refused');
    return this.#answer('unknown', 'too-few-replicas');
  }

  #answer(outcome: WriteOutcome, reason?: WriteFailure): WriteEffect[] {
    this.#answered = true;
    const { needed, replicas } = this.#plan;
    const result: WriteResult = {
      outcome,
      version: this.#version,
      certain: outcome !== 'superseded' || 2 * needed > replicas.length,
      receipt: this.#ledger.receipt(this.#tally.got),
      ...(outcome === 'superseded' && this.#winner !== undefined && { winner: this.#winner }),
      ...(reason !== undefined && { reason }),
    };
    return [{ type: 'answer', result }];
  }
}
