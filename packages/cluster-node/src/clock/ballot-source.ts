/**
 * Where a proposer's ballots for a key come from: the clock, so that it is likely to be above every ballot that was
 * used for the key before, without asking. Safety does not rest on it: whoever is outbid bids more.
 */
import type { Ballot, HybridLogicalClock, Stamp } from '@kv/quorum';
import type { Clock } from '../ports.ts';

/** Ballots of one millisecond; 2^53 of them last until the year 2248. */
export const ballotsPerMs = 1024;
const mostCounter = Number.MAX_SAFE_INTEGER;
/** How far ahead of all clocks that it heard of a member takes ballots: about 100 days. None could be above much higher ones. */
const mostAhead = 2 ** 43;

export interface BallotSourceDependencies {
  readonly clock: Clock;
  readonly hlc: HybridLogicalClock;
  /** This member, and which of its lives this is: raised durably at every start. */
  readonly member: { readonly id: string; readonly generation: number };
}

export class BallotSource {
  readonly #dependencies: BallotSourceDependencies;
  readonly #life: string;
  #counter = 0;
  #proposers = 0;

  constructor(dependencies: BallotSourceDependencies) {
    const { id, generation } = dependencies.member;
    this.#dependencies = dependencies;
    this.#life = `${id}/${generation.toString(36)}/`;
  }

  /** For one operation: a name that nobody ever proposes under again (at most 60 characters), and what to begin each attempt above. */
  next(): { readonly proposer: string; readonly above: () => Ballot } {
    this.#proposers += 1;
    return { proposer: `${this.#life}${this.#proposers.toString(36)}`, above: () => this.#above() };
  }

  #above(): Ballot {
    const { clock, hlc } = this.#dependencies;
    const byClock = Math.min(hlc.read(clock.wallMs()).ms * ballotsPerMs, mostCounter - mostAhead);
    this.#counter = Math.max(this.#counter + 1, byClock);
    return { counter: this.#counter, proposer: '' };
  }
}

/** False for a ballot so high that it would lock out all others, by a defect of its proposer. */
export function isPlausibleBallot({ counter }: Ballot, heard: Stamp): boolean {
  return counter <= Math.min(heard.ms * ballotsPerMs + mostAhead, mostCounter - ballotsPerMs);
}
