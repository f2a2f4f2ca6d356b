/**
 * How quickly each replica answers: its usual latency, by which the nearest is known, and its 99th percentile, after which
 * waiting any longer is unusual. Two numbers a replica, whatever it answers.
 */

/** How much of the usual latency is the last one. */
const weight = 0.1;
const quantile = 0.99;
/** Milliseconds in which the usual latency of a replica that is not asked any more counts half: what was slow is tried again. */
const forgottenMs = 10_000;

interface Tracked {
  usualMs: number;
  /** Mean distance from the usual latency: the step by which the percentile moves. */
  deviationMs: number;
  percentileMs: number;
  heardAt: number;
}

export class LatencyTracker {
  readonly #replicas = new Map<string, Tracked>();

  /** An answer took so long; or none had come after so long, which says as much. `now`: monotonic milliseconds. */
  record(replica: string, latencyMs: number, now: number): void {
    const known = this.#replicas.get(replica);
    if (known === undefined) {
      const first = { usualMs: latencyMs, deviationMs: latencyMs / 2, percentileMs: 3 * latencyMs, heardAt: now };
      this.#replicas.set(replica, first);
      return;
    }
    known.deviationMs += weight * (Math.abs(latencyMs - known.usualMs) - known.deviationMs);
    known.usualMs += weight * (latencyMs - known.usualMs);
    // Stochastic approximation (Robbins, Monro 1951): at rest where one answer of a hundred is above.
    const step = known.deviationMs * (latencyMs > known.percentileMs ? quantile : quantile - 1);
    known.percentileMs = Math.max(known.usualMs, known.percentileMs + step);
    known.heardAt = now;
  }

  /** For comparison with other replicas; 0 where nothing is known, so that everybody is tried. */
  usualMs(replica: string, now: number): number {
    const known = this.#replicas.get(replica);
    return known === undefined ? 0 : known.usualMs * 2 ** (-(now - known.heardAt) / forgottenMs);
  }

  /** About one answer of a hundred takes longer; `undefined` where nothing is known. */
  percentileMs(replica: string): number | undefined {
    return this.#replicas.get(replica)?.percentileMs;
  }

  /** The replica is no more. */
  forget(replica: string): void {
    this.#replicas.delete(replica);
  }
}
