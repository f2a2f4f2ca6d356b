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

  it('remembers the latest time that it has shown, and when it was set back', () => {
    let now = 0;
    const clock = new WallClock(() => now);
    clock.jump(500);
    expect([clock.highestMs, clock.setBackAt]).toEqual([startOfTimeMs + 500, Number.NEGATIVE_INFINITY]);
    now = 100;
    clock.jump(-1000);
    now = 200;
    expect([clock.highestMs, clock.setBackAt]).toEqual([startOfTimeMs + 600, 100]);
    now = 2000;
    expect(clock.highestMs).toBe(startOfTimeMs + 1500);
  });
});
