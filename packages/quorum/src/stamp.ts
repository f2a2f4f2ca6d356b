/**
 * A stamp is the time part of a version: 48 bits of milliseconds since 1970 and a 16-bit counter that orders what
 * happens within one millisecond (Kulkarni et al. 2014, "Logical Physical Clocks").
 */
export interface Stamp {
  /** Milliseconds since 1970, an integer in [0, 2^48). */
  readonly ms: number;
  /** Orders stamps of one millisecond, an integer in [0, 2^16). */
  readonly counter: number;
}

export const maxStampMs: number = 2 ** 48 - 1;
export const maxStampCounter: number = 2 ** 16 - 1;

/** The stamp before every other. */
export const zeroStamp: Stamp = { ms: 0, counter: 0 };

/** Negative when `a` is before `b`, zero when equal, positive when after. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.ms - b.ms || a.counter - b.counter;
}

/** The stamp right after `stamp`; an exhausted counter borrows the next millisecond instead of waiting for it. */
export function nextStamp(stamp: Stamp): Stamp {
  return stamp.counter < maxStampCounter
    ? { ms: stamp.ms, counter: stamp.counter + 1 }
    : { ms: stamp.ms + 1, counter: 0 };
}

/** True for a stamp that fits the 48 and 16 bits of the wire and of the disk. */
export function isStamp(stamp: Stamp): boolean {
  return inRange(stamp.ms, maxStampMs) && inRange(stamp.counter, maxStampCounter);
}

function inRange(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}
