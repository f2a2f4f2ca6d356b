/** How late the event loop runs its timers while something else goes on. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 1;

export class EventLoopDelay {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });

  constructor() {
    this.#histogram.enable();
  }

  /**
   * The monitor's timer is due every millisecond, and that millisecond is in every delay that it records, so it is
   * taken off. @returns the 99th percentile in ms; `undefined` if the loop never turned
   */
  stopP99Ms(): number | undefined {
    this.#histogram.disable();
    if (this.#histogram.count === 0) return undefined;
    return Math.max(0, this.#histogram.percentile(99) / 1e6 - resolutionMs);
  }
}
