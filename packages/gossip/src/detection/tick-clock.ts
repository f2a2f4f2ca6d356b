/** What the time since the last tick says about this process. */
export interface Passage {
  /** The time, never earlier than it was. */
  readonly now: number;
  /** Milliseconds that the process itself stood still and in which it can have heard nobody; 0 when it ran. */
  readonly pausedMs: number;
  /** The tick came so late that this member's own rounds suffered. */
  readonly late: boolean;
}

/**
 * Watches the rhythm of ticks for pauses of the own process: a stalled event loop, a stopped process or a frozen machine looks
 * from inside like the silence of everybody else (Cassandra's failure detector refuses to convict after such a pause too).
 */
export class TickClock {
  readonly #maxPauseMs: number;
  readonly #lateMs: number;
  #now = 0;
  #lastTickAt: number | null = null;

  constructor(heartbeatIntervalMs: number, maxPauseMs: number) {
    this.#maxPauseMs = maxPauseMs;
    this.#lateMs = heartbeatIntervalMs * 1.5;
  }

  /** The latest time told so far. */
  get now(): number {
    return this.#now;
  }

  /** A tick at `now`. */
  tick(now: number): Passage {
    const passage = this.#pass(now);
    this.#lastTickAt = passage.now;
    return passage;
  }

  /** A message at `now`: after a pause the queued messages may come in before the first tick. */
  receive(now: number): Passage {
    const passage = this.#pass(now);
    if (passage.pausedMs > 0) this.#lastTickAt = passage.now;
    return passage;
  }

  #pass(now: number): Passage {
    if (now > this.#now) this.#now = now;
    const gap = this.#lastTickAt === null ? 0 : this.#now - this.#lastTickAt;
    return { now: this.#now, pausedMs: gap > this.#maxPauseMs ? gap : 0, late: gap > this.#lateMs };
  }
}
