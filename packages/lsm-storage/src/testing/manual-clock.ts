/** Time that passes when the test says so. */

import type { StorageClock } from '../core/index.ts';
import { isSettled } from './turns.ts';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** Longer than any pause of the engine that a test waits for; shorter than deadlines that it draws would notice. */
const STEP_MS = 500;

export class ManualClock implements StorageClock {
  #now: number;
  #sleepers: Sleeper[] = [];

  constructor(now: number = 1_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  pause(milliseconds: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ until: this.#now + milliseconds, wake }));
  }

  /** Pauses that have not ended. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
    const awake = this.#sleepers.filter(({ until }) => until <= this.#now);
    this.#sleepers = this.#sleepers.filter(({ until }) => until > this.#now);
    for (const { wake } of awake) wake();
  }

  /** Lets time pass for as long as work waits for nothing else. Settles as the work does. */
  async until<T>(work: Promise<T>): Promise<T> {
    while (!(await isSettled(work)) && this.#sleepers.length > 0) this.advance(STEP_MS);
    return work;
  }
}
