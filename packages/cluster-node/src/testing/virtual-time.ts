/** A clock that moves only when a test says so, with the timers that hang on it. */
import type { Clock, Timer, Timers } from '../ports.ts';

interface PendingTimer {
  readonly at: number;
  readonly run: () => void;
}

export class VirtualTime implements Clock, Timers {
  /** Milliseconds by which the wall clock is off. */
  wallOffsetMs = 1_700_000_000_000;
  #now = 0;
  readonly #timers = new Set<PendingTimer>();

  wallMs(): number {
    return this.#now + this.wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#now;
  }

  set(delayMs: number, run: () => void): Timer {
    const timer = { at: this.#now + delayMs, run };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** Moves on by `ms` and runs what became due, the earliest first. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#dueBy(end); next !== undefined; next = this.#dueBy(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }

  #dueBy(end: number): PendingTimer | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}
