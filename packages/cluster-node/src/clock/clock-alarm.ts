/** Says in the log that this member's wall clock is off, once, and once that it is right again. */
import type { Log } from '../ports.ts';
import type { ClockOffsets } from './clock-offsets.ts';

export class ClockAlarm {
  readonly #offsets: ClockOffsets;
  readonly #log: Log;
  readonly #mostMs: number;
  #isOff = false;

  /** @param mostMs by how much the clock may be off without a word */
  constructor(offsets: ClockOffsets, log: Log, mostMs: number) {
    this.#offsets = offsets;
    this.#log = log;
    this.#mostMs = mostMs;
  }

  tick(): void {
    const aheadMs = Math.round(-this.#offsets.correctionMs);
    const offBy = Math.abs(aheadMs);
    if (!this.#isOff && offBy > this.#mostMs) {
      this.#isOff = true;
      this.#log.warn('clock-off', { aheadMs, mostMs: this.#mostMs });
    } else if (this.#isOff && offBy <= this.#mostMs / 2 && this.#offsets.isJudged) {
      // Not at the limit itself, where it may linger, nor because nobody is heard any more.
      this.#isOff = false;
      this.#log.info('clock-right', { aheadMs });
    }
  }
}
