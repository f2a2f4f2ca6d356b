/**
 * A machine's clock on the wall: it starts off the true time, runs a little fast or slow, and is set forwards and
 * backwards. The machine's monotonic clock is virtual time itself and knows nothing of this.
 */

/** Virtual time 0 in milliseconds since 1970: 2030-01-01T00:00:00Z. */
export const startOfTimeMs = 1_893_456_000_000;

export class WallClock {
  readonly #now: () => number;
  #offsetMs: number;
  #drift: number;
  /** Virtual time from which the present drift counts. */
  #driftingSince = 0;
  /** Before it was last set back. */
  #highestMs = Number.NEGATIVE_INFINITY;
  #setBackAt = Number.NEGATIVE_INFINITY;

  /**
   * @param now virtual time in milliseconds
   * @param offsetMs how far ahead of the true time it starts; negative: behind
   * @param drift milliseconds gained in each millisecond, for example 0.0001; negative: lost
   */
  constructor(now: () => number, offsetMs = 0, drift = 0) {
    this.#now = now;
    this.#offsetMs = offsetMs;
    this.#drift = drift;
  }

  /** Milliseconds since 1970, as this machine believes. */
  wallMs(): number {
    return startOfTimeMs + this.#now() + this.aheadMs;
  }

  /** How far ahead of the true time it is. */
  get aheadMs(): number {
    return this.#offsetMs + this.#drift * (this.#now() - this.#driftingSince);
  }

  /** The latest time that it has ever shown. */
  get highestMs(): number {
    return Math.max(this.#highestMs, this.wallMs());
  }

  /** Virtual time at which it was last set back; from then on it has only gone forwards. */
  get setBackAt(): number {
    return this.#setBackAt;
  }

  /** Sets it forwards, or backwards by a negative number. */
  jump(byMs: number): void {
    if (byMs < 0) {
      this.#highestMs = this.highestMs;
      this.#setBackAt = this.#now();
    }
    this.#offsetMs += byMs;
  }

  /** From now on it runs fast or slow by `drift`. */
  drift(drift: number): void {
    this.#offsetMs = this.aheadMs;
    this.#driftingSince = this.#now();
    this.#drift = drift;
  }
}
