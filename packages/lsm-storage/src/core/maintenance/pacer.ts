/**
 * Keeps work to so many bytes per second, by having it pause when it got ahead. The time that the work itself takes counts:
 * it runs at its rate, not below.
 */

import type { StorageClock } from '../ports/clock.ts';

/** Called with the bytes done since the last call; resolves when the work may go on. */
export type Pace = (bytes: number) => Promise<void>;

/** Pauses shorter than this are put off until they add up. */
const LEAST_PAUSE_MS = 10;

/** What was done too slowly is made up for as far as this: beyond it, catching up would be a burst. */
const MOST_CREDIT_MS = 100;

/** `bytesPerSecond` 0: no pauses. A clock that is set costs or gains no more than one pause. */
export function pacer(bytesPerSecond: number, clock: StorageClock): Pace {
  let owedMs = 0;
  let last = clock.now();
  return async (bytes) => {
    if (bytesPerSecond === 0) return;
    const now = clock.now();
    const workedMs = Math.max(0, now - last);
    last = now;
    owedMs = Math.max(-MOST_CREDIT_MS, owedMs + (bytes * 1000) / bytesPerSecond - workedMs);
    if (owedMs < LEAST_PAUSE_MS) return;
    const pausedMs = owedMs;
    await clock.pause(pausedMs);
    const woken = clock.now();
    owedMs -= Math.max(pausedMs, woken - last);
    last = woken;
  };
}
