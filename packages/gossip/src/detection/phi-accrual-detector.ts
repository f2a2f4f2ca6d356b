import { ArrivalWindow } from './arrival-window.ts';
import { deviationsOfPhi, phiOfDeviations } from './normal-tail.ts';

/** The rhythm that a {@link PhiAccrualDetector} expects, and how much certainty it asks for. */
export interface PhiAccrualOptions {
  /** Milliseconds between two arrivals as far as anybody knows before the first. */
  readonly expectedIntervalMs: number;
  /** Phi from which the silence counts as suspicious: at 8, one in 10^8 of such silences is a late arrival. */
  readonly threshold: number;
  /** The least standard deviation, in milliseconds: a perfectly regular past must not make the detector nervous. */
  readonly minDeviationMs: number;
  /** Intervals remembered, at least 2. */
  readonly windowSize: number;
  /** A longer interval counts as this long, in milliseconds: one outage must not teach hours of patience. */
  readonly maxIntervalMs: number;
}

/**
 * Phi accrual failure detection (Hayashibara, Defago, Yared, Katayama: "The phi accrual failure detector", 2004): the intervals
 * between arrivals are taken as normally distributed with the mean and deviation of the last ones, and
 * phi(t) = -log10(P(an arrival comes later than t)). Silence raises phi; how much certainty is enough is the caller's threshold.
 *
 * Times are milliseconds of one monotonic clock.
 */
export class PhiAccrualDetector {
  readonly #window: ArrivalWindow;
  readonly #options: PhiAccrualOptions;
  /** Phi reaches the threshold exactly this many deviations beyond the mean. */
  readonly #thresholdDeviations: number;
  #lastArrivalAt: number;
  /** What {@link patienceMs} tells, kept because it is asked far more often than it changes. */
  #patienceMs: number;

  /** Starts as if the first arrival were at `now`. */
  constructor(options: PhiAccrualOptions, now: number) {
    this.#options = options;
    this.#window = new ArrivalWindow(options.windowSize, options.expectedIntervalMs);
    this.#thresholdDeviations = deviationsOfPhi(options.threshold);
    this.#lastArrivalAt = now;
    this.#patienceMs = this.#threshold();
  }

  get lastArrivalAt(): number {
    return this.#lastArrivalAt;
  }

  /** Something new of the observed one came in at `now`. */
  arrived(now: number): void {
    const arrivalAt = Math.max(now, this.#lastArrivalAt);
    this.#window.add(Math.min(arrivalAt - this.#lastArrivalAt, this.#options.maxIntervalMs));
    this.#lastArrivalAt = arrivalAt;
    this.#patienceMs = this.#threshold();
  }

  /** How suspicious the silence is at `now`; 0 is not at all. */
  phi(now: number): number {
    const silence = Math.max(0, now - this.#lastArrivalAt);
    return phiOfDeviations((silence - this.#window.meanMs) / this.#deviationMs);
  }

  /** The silence, in milliseconds, at which phi reaches the threshold: the same judgement as {@link phi}, as a time. */
  get patienceMs(): number {
    return this.#patienceMs;
  }

  /** Takes `pausedMs` of the observer's own pause out of the silence, as far as `now`. */
  excuse(pausedMs: number, now: number): void {
    this.#lastArrivalAt = Math.min(now, this.#lastArrivalAt + pausedMs);
  }

  #threshold(): number {
    return this.#window.meanMs + this.#thresholdDeviations * this.#deviationMs;
  }

  get #deviationMs(): number {
    return Math.max(this.#window.deviationMs, this.#options.minDeviationMs);
  }
}
