/**
 * The last intervals between arrivals, a ring of bounded size with its mean and deviation at hand.
 *
 * It starts with two made-up intervals, half and one and a half of what is expected, so that it has the expected mean and a
 * wide deviation before it has learned anything; they leave as real ones come in.
 */
export class ArrivalWindow {
  readonly #capacity: number;
  readonly #intervals: number[];
  /** Where the next interval goes once the ring is full. */
  #next = 0;
  #sum = 0;
  #sumOfSquares = 0;

  constructor(capacity: number, expectedIntervalMs: number) {
    this.#capacity = capacity;
    this.#intervals = [expectedIntervalMs / 2, (expectedIntervalMs * 3) / 2];
    this.#recount();
  }

  /** Intervals held, the two of the start included. */
  get size(): number {
    return this.#intervals.length;
  }

  get meanMs(): number {
    return this.#sum / this.size;
  }

  /** Standard deviation of the intervals held, as of a whole population. */
  get deviationMs(): number {
    const mean = this.meanMs;
    return Math.sqrt(Math.max(0, this.#sumOfSquares / this.size - mean * mean));
  }

  /** Takes in one interval, in milliseconds; the oldest leaves when the window is full. */
  add(intervalMs: number): void {
    if (this.#intervals.length < this.#capacity) {
      this.#intervals.push(intervalMs);
      this.#sum += intervalMs;
      this.#sumOfSquares += intervalMs * intervalMs;
      return;
    }
    const oldest = this.#intervals[this.#next] ?? 0;
    this.#intervals[this.#next] = intervalMs;
    this.#next = (this.#next + 1) % this.#capacity;
    this.#sum += intervalMs - oldest;
    this.#sumOfSquares += intervalMs * intervalMs - oldest * oldest;
    // Rounding errors of the running sums would add up for ever: once a turn they are counted anew.
    if (this.#next === 0) this.#recount();
  }

  #recount(): void {
    this.#sum = 0;
    this.#sumOfSquares = 0;
    for (const interval of this.#intervals) {
      this.#sum += interval;
      this.#sumOfSquares += interval * interval;
    }
  }
}
