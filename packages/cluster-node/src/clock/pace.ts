/** How long a round takes lately, from the requests to the answers of a majority: by it proposers pause that were outbid. */
const firstGuessMs = 4;
const shortestMs = 1;
const longestMs = 250;
/** Of the last round, in the average. */
const weight = 0.2;

export class Pace {
  #roundMs = firstGuessMs;

  get roundMs(): number {
    return this.#roundMs;
  }

  took(ms: number): void {
    const bounded = Math.min(longestMs, Math.max(shortestMs, ms));
    this.#roundMs += weight * (bounded - this.#roundMs);
  }
}
