/**
 * A histogram of durations with a bounded relative error, after Gil Tene's HdrHistogram: each power of two is cut into
 * the same number of equal buckets, so that a nanosecond and a minute fit into one small array and recording is a
 * shift and an addition.
 */

/** Buckets per power of two: a percentile is at most 1/64 of its value too high. */
const bucketBits = 6;
const buckets = 1 << bucketBits;
/** Durations up to 2^42 ns, more than an hour, are told apart. */
const largestBits = 42;
const largest = 2 ** largestBits - 1;

export class Histogram {
  readonly #counts = new Float64Array((largestBits - bucketBits + 1) * buckets);
  #count = 0;
  #max = 0;

  /** Durations recorded so far. */
  get count(): number {
    return this.#count;
  }

  /** The longest duration recorded, exactly; 0 if there is none. */
  get maxNs(): number {
    return this.#max;
  }

  /** Negative durations count as 0, ones longer than an hour as the longest told apart. */
  record(ns: number): void {
    const whole = ns > 0 ? Math.min(Math.floor(ns), largest) : 0;
    const index = bucketOf(whole);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count += 1;
    if (whole > this.#max) this.#max = whole;
  }

  /**
   * The duration that the given share of the recorded ones does not exceed, in nanoseconds: never too low, at most
   * 1/64 too high. `undefined` if nothing was recorded.
   *
   * @param share from 0 to 1
   */
  percentileNs(share: number): number | undefined {
    if (this.#count === 0) return undefined;
    let left = Math.max(1, Math.ceil(share * this.#count));
    for (const [index, count] of this.#counts.entries()) {
      left -= count;
      if (left <= 0) return Math.min(highestOf(index), this.#max);
    }
    return this.#max;
  }
}

/** The first two rows of buckets are a nanosecond wide each; from there on every row covers one more power of two. */
function bucketOf(ns: number): number {
  if (ns < buckets) return ns;
  const shift = Math.floor(Math.log2(ns)) - bucketBits;
  return (shift << bucketBits) + Math.floor(ns / 2 ** shift);
}

function highestOf(index: number): number {
  if (index < buckets) return index;
  const shift = (index >> bucketBits) - 1;
  return (buckets + (index & (buckets - 1)) + 1) * 2 ** shift - 1;
}
