import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../testing/manual-clock.ts';
import { isSettled } from '../../testing/turns.ts';
import type { StorageClock } from '../ports/clock.ts';
import { pacer } from './pacer.ts';

/** Time that passes by work and pauses alone; pauses may take longer than they should. */
class VirtualClock implements StorageClock {
  time = 1_000_000;
  paused = 0;
  readonly #late: number;

  constructor(late = 0) {
    this.#late = late;
  }

  now(): number {
    return this.time;
  }

  async pause(milliseconds: number): Promise<void> {
    this.paused += milliseconds;
    this.time += milliseconds + this.#late;
  }
}

const RATE = 50_000;
const BYTES = 1_000_000;
/** How long that takes at that rate. */
const NOMINAL_MS = 20_000;

/** Milliseconds that so many bytes take in pieces, of which each is so many milliseconds of work. */
async function duration(clock: VirtualClock, piece: number, workMs: number): Promise<number> {
  const start = clock.time;
  const pace = pacer(RATE, clock);
  for (let done = 0; done < BYTES; done += piece) {
    clock.time += workMs;
    await pace(piece);
  }
  return clock.time - start;
}

describe('pacer', () => {
  it('lets work run at its rate, whatever pieces it comes in and whatever time it takes itself', async () => {
    for (const piece of [100, 1000, 5000, 100_000]) {
      const costMs = (piece * 1000) / RATE;
      for (const share of [0, 0.1, 0.5, 0.9, 1]) {
        // What is owed for the last pieces may be put off.
        const took = await duration(new VirtualClock(), piece, costMs * share);
        expect(took).toBeGreaterThan(NOMINAL_MS - 10.001);
        expect(took).toBeLessThan(NOMINAL_MS + 0.001);
      }
    }
  });

  it('makes up for pauses that end late', async () => {
    const took = await duration(new VirtualClock(4), 1000, 1);
    expect(took).toBeGreaterThan(NOMINAL_MS - 10.001);
    expect(took).toBeLessThan(NOMINAL_MS + 5);
  });

  it('never pauses work that is slower than its rate', async () => {
    const clock = new VirtualClock();
    expect(await duration(clock, 1000, 25)).toBe(25 * (BYTES / 1000));
    expect(clock.paused).toBe(0);
  });

  it('allows no burst after work was slow, or a clock was set', async () => {
    for (const jump of [3_600_000, -3_600_000]) {
      const clock = new VirtualClock();
      const pace = pacer(RATE, clock);
      await pace(1000);
      clock.time += jump;
      const start = clock.time;
      for (let done = 0; done < BYTES; done += 1000) await pace(1000);
      expect(clock.time - start).toBeGreaterThan(NOMINAL_MS - 100 - 20.001);
      expect(clock.time - start).toBeLessThan(NOMINAL_MS + 20.001);
    }
  });

  it('puts short pauses off until they add up', async () => {
    const clock = new ManualClock(0);
    const pace = pacer(1000, clock);
    for (let i = 0; i < 9; i++) expect(await isSettled(pace(1))).toBe(true);
    const owed = pace(1);
    expect(await isSettled(owed)).toBe(false);
    clock.advance(10);
    await owed;
  });

  it('does not pause without a limit', async () => {
    const clock = new ManualClock(0);
    const pace = pacer(0, clock);
    for (let i = 0; i < 100; i++) await pace(1e12);
    expect(clock.sleeping).toBe(0);
  });
});
