/**
 * A hybrid logical clock (Kulkarni et al. 2014): stamps that follow the wall clock as long as it behaves, never go
 * backwards when it does not, and order a write after everything that its writer had heard of before.
 */
import { compareStamps, nextStamp, zeroStamp, type Stamp } from './stamp.ts';
import { QuorumError } from './errors.ts';

/** How far a stamp from outside may be ahead of the clock that judges it, in milliseconds. */
export const defaultMaxAheadMs = 500;

export class HybridLogicalClock {
  #latest: Stamp;

  /**
   * @param floor a stamp at least as high as every one issued by earlier lives of this clock: the persisted high-water
   *   mark. Without it, a wall clock set back across a restart would issue the same stamp twice.
   */
  constructor(floor: Stamp = zeroStamp) {
    this.#latest = floor;
  }

  /** The highest stamp issued, told or heard of. */
  get latest(): Stamp {
    return this.#latest;
  }

  /** The time to tell others: not before the wall clock, nor before anything issued or merged. Names no write. */
  read(wallMs: number): Stamp {
    const ms = Math.trunc(wallMs);
    if (ms > this.#latest.ms) this.#latest = { ms, counter: 0 };
    return this.#latest;
  }

  /** A stamp after every one issued or merged before. `wallMs`: milliseconds since 1970 by the local wall clock. */
  issue(wallMs: number): Stamp {
    const ms = Math.trunc(wallMs);
    this.#latest = ms > this.#latest.ms ? { ms, counter: 0 } : nextStamp(this.#latest);
    return this.#latest;
  }

  /** Hears of a stamp. Never refuses one for being ahead: what is stored somewhere must stay orderable here. */
  merge(stamp: Stamp): void {
    if (compareStamps(stamp, this.#latest) > 0) this.#latest = stamp;
  }

  /**
   * Judges a stamp where it enters the cluster, before it is merged: it may be at most `maxAheadMs` ahead of the wall
   * clock, or at most one millisecond ahead of the latest stamp known here. Whoever heard of that stamp issues the ones
   * right after it, and one millisecond is 2^16 of them: so one fast clock, once merged, locks nobody out.
   * @throws QuorumError STAMP_TOO_FAR_AHEAD
   */
  judge(stamp: Stamp, wallMs: number, maxAheadMs: number = defaultMaxAheadMs): void {
    if (stamp.ms <= Math.max(wallMs + maxAheadMs, this.#latest.ms + 1)) return;
    throw new QuorumError(
      'STAMP_TOO_FAR_AHEAD',
      `a stamp may be at most ${maxAheadMs} ms ahead of this server's clock, got ${Math.ceil(stamp.ms - wallMs)} ms`,
    );
  }
}
