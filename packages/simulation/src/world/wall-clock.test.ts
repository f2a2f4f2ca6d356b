import { describe, expect, it } from 'vitest';
import { startOfTimeMs, WallClock } from './wall-clock.ts';

describe('WallClock', () => {
  it('starts where virtual time starts: 2030', () => {
    expect(new Date(startOfTimeMs).toISOString()).toBe('2030-01-01T00:00:00.000Z');
  });

  it('is off, drifts and jumps, each without undoing the others', () => {
    let now = 0;
    const clock = new WallClock(() => now, -100);
    expect(clock.wallMs()).toBe(startOfTimeMs - 100);
    now = 1000;
    clock.drift(0.5);
    now = 2000;
    expect(clock.aheadMs).toBe(400);
    clock.jump(-10_000);
    now = 3000;
    expect(clock.aheadMs).toBe(-9100);
    clock.drift(0);
    now = 9000;
    expect(clock.aheadMs).toBe(-9100);
  });

  it('remembers how far it was ahead at least, since some time', () => {
    let now = 0;
    const clock = new WallClock(() => now, 50);
    now = 100;
    clock.jump(-1000);
    now = 200;
    clock.jump(3000);
    clock.drift(0.5);
    now = 300;
    expect([0, 150, 200, 201].map((since) => clock.leastAheadMs(since))).toEqual([-950, -950, -950, 2050]);
    clock.drift(-0.5);
    now = 700;
    expect(clock.leastAheadMs(400)).toBe(1900);
  });

  it('remembers the latest time that it has shown, and that who goes on from there may take it for', () => {
    let now = 0;
    const clock = new WallClock(() => now);
    clock.jump(500);
    expect(clock.latestMs(0)).toBe(startOfTimeMs + 500);
    now = 100;
    clock.jump(-1000);
    now = 200;
    expect([0, 60, 999].map((keptMs) => clock.latestMs(keptMs))).toEqual(
      [600, 660, 700].map((ms) => startOfTimeMs + ms),
    );
    now = 2000;
    expect(clock.latestMs(60)).toBe(startOfTimeMs + 1500);
  });
});
