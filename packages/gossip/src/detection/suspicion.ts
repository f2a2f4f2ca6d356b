/**
 * The time between suspicion and conviction (Dadgar, Phillips, Currey: "Lifeguard", 2017, section IV-B): it starts long, in case
 * only this observer is cut off, and shrinks with each distinct peer that suspects the same member.
 */

/** The bounds of a suspicion, in milliseconds, and how many peers' confirmations bring it to the lower one. */
export interface SuspicionBounds {
  readonly minMs: number;
  readonly maxMs: number;
  /** 0 where no peer is left that could confirm: then the lower bound holds at once. */
  readonly expectedConfirmations: number;
}

/** max - (max - min) * log(confirmations + 1) / log(expected + 1), never below min. */
export function suspicionTimeoutMs(bounds: SuspicionBounds, confirmations: number): number {
  const { minMs, maxMs, expectedConfirmations } = bounds;
  if (confirmations >= expectedConfirmations) return minMs;
  return maxMs - ((maxMs - minMs) * Math.log(confirmations + 1)) / Math.log(expectedConfirmations + 1);
}

/** One suspicion that is running. */
export class Suspicion {
  readonly #bounds: SuspicionBounds;
  /** Holds at most `expectedConfirmations` ids. */
  readonly #confirmedBy = new Set<string>();
  #startedAt: number;

  constructor(bounds: SuspicionBounds, now: number) {
    this.#bounds = bounds;
    this.#startedAt = now;
  }

  get confirmations(): number {
    return this.#confirmedBy.size;
  }

  /** The peer says that it suspects the member too; its word counts once. */
  confirm(peer: string): void {
    if (this.#confirmedBy.size < this.#bounds.expectedConfirmations) this.#confirmedBy.add(peer);
  }

  /** When conviction is due. */
  get deadline(): number {
    return this.#startedAt + suspicionTimeoutMs(this.#bounds, this.#confirmedBy.size);
  }

  /** Takes the observer's own pause out of the time that has run, as far as `now`. */
  excuse(pausedMs: number, now: number): void {
    this.#startedAt = Math.min(now, this.#startedAt + pausedMs);
  }
}
