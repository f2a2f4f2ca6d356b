/**
 * The largest resident set while something runs, by looking at intervals. `VmHWM` cannot miss a peak but also knows
 * what came before; samples know only what they see. The report gives both.
 */
export class MemorySampler {
  readonly #timer: NodeJS.Timeout;
  #peak = process.memoryUsage.rss();

  constructor(intervalMs = 50) {
    this.#timer = setInterval(() => this.#look(), intervalMs);
    this.#timer.unref();
  }

  /** Ends the sampling. @returns the peak in bytes */
  stop(): number {
    clearInterval(this.#timer);
    this.#look();
    return this.#peak;
  }

  #look(): void {
    this.#peak = Math.max(this.#peak, process.memoryUsage.rss());
  }
}
