/**
 * How fast hints go to an owner that is back: as fast as it takes them without getting slower. A window of hints in flight
 * grows by one a round while the owner answers about as quickly as it usually does, and halves when it takes notably longer
 * or fails (additive increase, multiplicative decrease: Jacobson 1988; delay as the sign of congestion: TCP Vegas).
 */

export interface HintWindowOptions {
  /** Hints in flight at most; default 64. */
  readonly maxInFlight?: number;
  /** Bytes in flight at most, but always one hint; default 1 MiB. */
  readonly maxBytes?: number;
}

/** Slower than this many times the usual latency, and this many milliseconds more, is notably slower. */
const toleratedFactor = 2;
const toleratedMs = 5;
/** How quickly the usual latency follows a shorter and a longer one. */
const fallRate = 0.5;
const riseRate = 0.02;
/** Milliseconds that are waited after a failure: the first time, and at most. */
const shortestPauseMs = 250;
const longestPauseMs = 4000;

export class HintWindow {
  readonly #maxInFlight: number;
  readonly #maxBytes: number;
  #size = 4;
  #inFlight = 0;
  #bytesInFlight = 0;
  #usualMs: number | undefined;
  /** Answers to hints that were sent before the last halving: they tell of the window as it was. */
  #stale = 0;
  #pauseMs = shortestPauseMs;
  #resumesAt = Number.NEGATIVE_INFINITY;

  constructor({ maxInFlight = 64, maxBytes = 1024 * 1024 }: HintWindowOptions = {}) {
    this.#maxInFlight = maxInFlight;
    this.#maxBytes = maxBytes;
  }

  /** Hints that may be in flight. */
  get size(): number {
    return Math.floor(this.#size);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether a hint of so many bytes may go now. `now`: monotonic milliseconds, as everywhere here. */
  mayStart(bytes: number, now: number): boolean {
    if (now < this.#resumesAt || this.#inFlight >= this.size) return false;
    return this.#inFlight === 0 || this.#bytesInFlight + bytes <= this.#maxBytes;
  }

  started(bytes: number): void {
    this.#inFlight += 1;
    this.#bytesInFlight += bytes;
  }

  succeeded(bytes: number, latencyMs: number): void {
    this.#ended(bytes);
    this.#pauseMs = shortestPauseMs;
    const usualMs = this.#usualMs ?? latencyMs;
    this.#usualMs = usualMs + (latencyMs - usualMs) * (latencyMs < usualMs ? fallRate : riseRate);
    const isStale = this.#stale > 0;
    if (isStale) this.#stale -= 1;
    if (latencyMs > toleratedFactor * usualMs + toleratedMs) {
      if (!isStale) this.#halve();
    } else {
      this.#size = Math.min(this.#maxInFlight, this.#size + 1 / this.#size);
    }
  }

  /** The owner refused the hint or could not be reached: nothing goes for a while. */
  failed(bytes: number, now: number): void {
    this.#ended(bytes);
    if (this.#stale > 0) {
      this.#stale -= 1;
      return;
    }
    this.#halve();
    this.#resumesAt = now + this.#pauseMs;
    this.#pauseMs = Math.min(longestPauseMs, 2 * this.#pauseMs);
  }

  #halve(): void {
    this.#size = Math.max(1, this.#size / 2);
    this.#stale = this.#inFlight;
  }

  #ended(bytes: number): void {
    this.#inFlight -= 1;
    this.#bytesInFlight -= bytes;
  }
}
