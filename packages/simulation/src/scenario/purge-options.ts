/**
 * When deletions are forgotten in a run: not at all, within seconds, so that it meets what is under way, or as in production,
 * where weeks pass.
 */
import type { SeededRandom } from '../world/seeded-random.ts';

export interface PurgeOptions {
  /** How old deletions are at least that are forgotten. */
  readonly afterMs: number;
  /** How often that is tried. */
  readonly intervalMs: number;
}

/** Weeks pass at once: every clock on the wall is set forwards together. All that waits, on its way or on a disk, is then old. */
export interface Leap {
  /** Virtual milliseconds from the beginning of the work. */
  readonly at: number;
  readonly byMs: number;
}

/** Longer than any run. */
export const never = 86_400_000;

const hourMs = 3_600_000;
const weekMs = 7 * 24 * hourMs;

/** Older than any run gets, as in production, and within seconds: then repair has to bring what hints would have. */
export function drawHintMaxAgeMs(random: SeededRandom): number {
  return random.pick([60 * weekMs, 3 * hourMs, 3000]);
}

export function drawPurge(random: SeededRandom): PurgeOptions {
  const soon = { afterMs: random.pick([4000, 10_000]), intervalMs: random.pick([500, 2000]) };
  const late = { afterMs: hourMs, intervalMs: 1000 };
  const none = { afterMs: hourMs, intervalMs: never };
  return random.pick([none, none, soon, late]);
}

export function forgets({ intervalMs }: PurgeOptions): boolean {
  return intervalMs !== never;
}

/** Whether nothing is forgotten but after a leap. */
export function needsLeaps(purge: PurgeOptions): boolean {
  return forgets(purge) && purge.afterMs >= hourMs;
}

export function drawLeaps(random: SeededRandom, purge: PurgeOptions, durationMs: number): Leap[] {
  if (!needsLeaps(purge)) return [];
  return Array.from({ length: random.integer(1, 4) }, () => {
    return { at: random.between(0, durationMs), byMs: Math.round(random.logBetween(2 * hourMs, 3 * weekMs)) };
  });
}
