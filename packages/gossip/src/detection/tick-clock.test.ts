import { describe, expect, it } from 'vitest';
import { TickClock } from './tick-clock.ts';

describe('TickClock', () => {
  it('finds nothing wrong with the first tick, however late in the life of the machine', () => {
    expect(new TickClock(1000, 2000).tick(9e9)).toEqual({ now: 9e9, pausedMs: 0, late: false });
  });

  it('finds nothing wrong with ticks an interval apart', () => {
    const clock = new TickClock(1000, 2000);
    clock.tick(0);
    expect(clock.tick(1000)).toEqual({ now: 1000, pausedMs: 0, late: false });
  });

  it('calls a tick late before it calls the gap a pause', () => {
    const clock = new TickClock(1000, 2000);
    clock.tick(0);
    expect(clock.tick(1800)).toEqual({ now: 1800, pausedMs: 0, late: true });
    expect(clock.tick(3801)).toEqual({ now: 3801, pausedMs: 2001, late: true });
  });

  it('reports a pause once, at the first sign of life, be it a message', () => {
    const clock = new TickClock(1000, 2000);
    clock.tick(0);
    expect(clock.receive(10_000).pausedMs).toBe(10_000);
    expect(clock.receive(10_000).pausedMs).toBe(0);
    expect(clock.tick(10_100).pausedMs).toBe(0);
  });

  it('never lets time run backwards, nor stop being a number', () => {
    const clock = new TickClock(1000, 2000);
    clock.tick(500);
    expect(clock.tick(100).now).toBe(500);
    expect(clock.tick(Number.NaN).now).toBe(500);
    expect(clock.tick(600).now).toBe(600);
  });
});
