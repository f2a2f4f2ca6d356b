/** Clocks and timers that move only when a test says so; between two events every promise gets its turn. */
import type { Clock, Timer, Timers } from '../core/index.ts';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class VirtualTime implements Timers {
  /** What the wall clock is ahead of the time since the test began. */
  wallAheadMs = 1_700_000_000_000;
  #now = 0;
  #order = 0;
  readonly #events = new Set<Event>();

  get now(): number {
    return this.#now;
  }

  get pending(): number {
    return this.#events.size;
  }

  readonly clock: Clock = {
    wallMs: () => this.wallAheadMs + this.#now,
    monotonicMs: () => this.#now,
  };

  set(delayMs: number, run: () => void): Timer {
    const event = { at: this.#now + Math.max(0, delayMs), order: (this.#order += 1), run };
    this.#events.add(event);
    return { cancel: () => void this.#events.delete(event) };
  }

  /** Lets time pass until the promise settles. Fails when nothing is left that could settle it. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const watch = promise.finally(() => (settled = true));
    watch.catch(() => undefined);
    for (;;) {
      await macrotask();
      if (settled) return watch;
      if (!this.#runNext()) throw new Error('nothing is left that could settle the promise');
    }
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    await this.until(new Promise<void>((resolve) => this.set(ms, resolve)));
  }

  #runNext(): boolean {
    const [next] = [...this.#events].sort((a, b) => a.at - b.at || a.order - b.order);
    if (next === undefined) return false;
    this.#events.delete(next);
    this.#now = next.at;
    next.run();
    return true;
  }
}

function macrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
