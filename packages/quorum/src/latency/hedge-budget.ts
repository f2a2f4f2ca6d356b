/**
 * How many reads may ask one replica more than they need (a token bucket): a share of all reads, so that replicas which are
 * slow because they have too much to do do not get still more (Dean, Barroso 2013).
 */
export class HedgeBudget {
  readonly #share: number;
  readonly #burst: number;
  #tokens: number;

  /** @param share of the reads, 0 to 1 @param burst hedges that may come at once after a quiet time */
  constructor(share: number, burst = 10) {
    this.#share = share;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** A read has begun. */
  earn(): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + this.#share);
  }

  /** Whether a read may be hedged now; it then counts. */
  take(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** What was taken was not needed. */
  giveBack(): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + 1);
  }
}
