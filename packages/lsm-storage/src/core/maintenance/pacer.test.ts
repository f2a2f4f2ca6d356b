import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../testing/manual-clock.ts';
import { isSettled } from '../../testing/turns.ts';
import { pacer } from './pacer.ts';

describe('pacer', () => {
  it('lets a job do so many bytes in a second, whatever pieces they come in', async () => {
    for (const piece of [100, 1000, 7000, 100_000]) {
      let paused = 0;
      const pace = pacer(50_000, { pause: async (milliseconds) => void (paused += milliseconds) });
      let done = 0;
      for (; done < 1_000_000; done += piece) await pace(piece);
      // What is owed for the last pieces may be put off.
      const owed = (done * 1000) / 50_000 - paused;
      expect(owed).toBeGreaterThan(-0.001);
      expect(owed).toBeLessThan(10);
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
