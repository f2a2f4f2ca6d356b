/**
 * A machine's clock on the wall: it starts off the true time, runs a little fast or slow, and is set forwards and
 * backwards. The machine's monotonic clock is virtual time itself and knows nothing of this.
 */

/** Virtual time 0 in milliseconds since 1970: 2030-01-01T00:00:00Z. */
export const startOfTimeMs = 1_893_456_000_000;

/** A span of virtual time in which it ran evenly: when it ended, and how far the clock was ahead at both ends. */
interface Span {
  readonly to: number;
  readonly aheadMs: readonly [number, number];
}

export class WallClock {
  readonly #now: () => number;
  #offsetMs: number;
  #drift: number;
  /** Virtual time from which the present drift counts. */
  #driftingSince = 0;
  readonly #past: Span[] = [];

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

  /** How far ahead of the true time it was at least since then, in virtual time. */
  leastAheadMs(since: number): number {
    const spans = [...this.#past, this.#present()].filter(({ to }) => to >= since);
    return Math.min(...spans.flatMap(({ aheadMs }) => aheadMs));
  }

  /** The latest time that somebody may ever have taken it for who goes on by what it showed for up to `keptMs`. */
  latestMs(keptMs: number): number {
    const now = this.#now();
    const spans = [...this.#past, this.#present()];
    return (
      startOfTimeMs + Math.max(...spans.map(({ to, aheadMs }) => Math.min(now, to + keptMs) + Math.max(...aheadMs)))
    );
  }

  /** Sets it forwards, or backwards by a negative number. */
  jump(byMs: number): void {
    this.drift(this.#drift);
    this.#offsetMs += byMs;
  }

  /** From now on it runs fast or slow by `drift`. */
  drift(drift: number): void {
    const present = this.#present();
    this.#past.push(present);
    this.#offsetMs = present.aheadMs[1];
    this.#driftingSince = present.to;
    this.#drift = drift;
  }

  #present(): Span {
    return { to: this.#now(), aheadMs: [this.#offsetMs, this.aheadMs] };
  }
}
