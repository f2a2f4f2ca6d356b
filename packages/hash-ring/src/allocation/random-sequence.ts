/**
 * A fixed sequence of numbers that look random (Mulberry32, Tommy Ettinger, public domain). The search draws from it,
 * so that the same input gives the same ring everywhere: only exactly rounded arithmetic is used.
 */
export class RandomSequence {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 to just below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0 to just below `bound`. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }
}
