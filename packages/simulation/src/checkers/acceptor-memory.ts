/**
 * An acceptor never breaks its promise: once it has told a proposer that it takes nothing from lower ballots of a key, it
 * takes nothing from them, through every crash, as long as its disk lives. Checked while the simulation runs.
 */
import { type Ballot, compareBallots } from '@kv/quorum';
import type { Violation } from '../history.ts';

/** What an acceptor told a proposer about a key. */
export interface AcceptorClaim {
  readonly acceptor: string;
  readonly key: string;
  /** It `promised`, or `accepted` something, under this ballot, or told that it is the highest that it knows of. */
  readonly what: 'promised' | 'accepted' | 'told';
  readonly ballot: Ballot | undefined;
  /** Virtual milliseconds. */
  readonly at: number;
}

export class AcceptorMemory {
  readonly #highest = new Map<string, { readonly ballot: Ballot; readonly at: number }>();
  readonly #violations: Violation[] = [];

  get violations(): readonly Violation[] {
    return this.#violations;
  }

  claim({ acceptor, key, what, ballot, at }: AcceptorClaim): void {
    const before = this.#highest.get(`${acceptor} ${key}`);
    const isLower = before !== undefined && (ballot === undefined || compareBallots(ballot, before.ballot) < 0);
    if (isLower) {
      // What became durable together may be told in any order.
      if (before.at === at) return;
      const now = ballot === undefined ? 'nothing' : shortBallot(ballot);
      this.#violations.push({
        check: 'acceptor-memory',
        key,
        operations: [],
        message: `${acceptor} ${what} ${now} at ${at.toFixed(1)}, but promised ${shortBallot(before.ballot)} at ${before.at.toFixed(1)}`,
      });
    } else if (ballot !== undefined) {
      this.#highest.set(`${acceptor} ${key}`, { ballot, at });
    }
  }
}

function shortBallot({ counter, proposer }: Ballot): string {
  return `${counter}@${proposer}`;
}
