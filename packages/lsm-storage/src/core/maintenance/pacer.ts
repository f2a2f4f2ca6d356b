/** Keeps a job to so many bytes per second, by having it pause when it got ahead. */

import type { StorageClock } from '../ports/clock.ts';

/** Pauses shorter than this are put off until they add up. */
const LEAST_PAUSE_MS = 10;

/** `bytesPerSecond` 0: no pauses. What it returns is called with the bytes done since the last call. */
export function pacer(bytesPerSecond: number, clock: Pick<StorageClock, 'pause'>): (bytes: number) => Promise<void> {
  let owedMs = 0;
  return async (bytes) => {
    if (bytesPerSecond === 0) return;
    owedMs += (bytes * 1000) / bytesPerSecond;
    if (owedMs < LEAST_PAUSE_MS) return;
    const pause = owedMs;
    owedMs = 0;
    await clock.pause(pause);
  };
}
