/** Virtual time: it stands still while an event runs and then jumps to the next one. Times are milliseconds from 0. */
import { EventQueue } from './event-queue.ts';
import { runSteps } from './event-loop.ts';

export class Scheduler {
  readonly #queue = new EventQueue();
  #now = 0;
  #events = 0;

  get now(): number {
    return this.#now;
  }

  /** Events that have run. */
  get events(): number {
    return this.#events;
  }

  /** Runs `work` once, as an event of its own, `delayMs` from now. */
  after(delayMs: number, work: () => void): void {
    if (!(delayMs >= 0)) throw new RangeError(`a delay must not be negative, got ${delayMs}`);
    this.#queue.push(this.#now + delayMs, work);
  }

  at(time: number, work: () => void): void {
    this.after(Math.max(0, time - this.#now), work);
  }

  /**
   * Runs events up to `time` (inclusive), or until `enough` says so before one of them. Rejects with what an event
   * throws. Virtual time is then that of the last event, or `time` when everything up to it has run.
   */
  async runUntil(time: number, enough: () => boolean = () => false): Promise<void> {
    await runSteps(() => {
      if (enough()) return false;
      const next = this.#queue.nextAt;
      if (next !== undefined && next <= time) return this.#runNext();
      this.#now = Math.max(this.#now, time);
      return false;
    });
  }

  #runNext(): boolean {
    const event = this.#queue.pop();
    if (event === undefined) return false;
    this.#now = event.at;
    this.#events += 1;
    event.run();
    return true;
  }
}
