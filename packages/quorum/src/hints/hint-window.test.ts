import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HintWindow } from './hint-window.ts';

/** Sends whole windows to an owner that takes so long for each hint of a window of that size; returns the last size. */
function rounds(window: HintWindow, count: number, latencyOf: (inFlight: number) => number): number {
  for (let round = 0; round < count; round += 1) {
    while (window.mayStart(100, 0)) window.started(100);
    const { inFlight } = window;
    for (let i = 0; i < inFlight; i += 1) window.succeeded(100, latencyOf(inFlight));
  }
  return window.size;
}

describe('the window of hints in flight', () => {
  it('grows by about one a round while the owner is as quick as usual, up to its bound', () => {
    const window = new HintWindow({ maxInFlight: 20 });
    const before = window.size;
    const after = rounds(window, 5, () => 3);
    expect(after).toBeGreaterThanOrEqual(before + 4);
    expect(after).toBeLessThanOrEqual(before + 5);
    expect(rounds(window, 100, () => 3)).toBe(20);
  });

  it('settles where the owner begins to slow down, and opens again when it is quick again', () => {
    const window = new HintWindow();
    const slowedBy = (inFlight: number): number => (inFlight <= 16 ? 4 : 60);
    const sizes = Array.from({ length: 40 }, () => rounds(window, 1, slowedBy)).slice(20);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(17);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(8);
    expect(rounds(window, 100, () => 4)).toBe(64);
  });

  it('halves once for a whole window that was slow', () => {
    const window = new HintWindow();
    rounds(window, 12, () => 4);
    const before = window.size;
    const after = rounds(window, 1, () => 100);
    expect(after).toBeGreaterThanOrEqual(Math.floor(before / 2));
    expect(after).toBeLessThan(before - 1);
  });

  it('waits after failures, longer each time, and not at all once all is well', () => {
    const window = new HintWindow();
    const pauses: number[] = [];
    let now = 0;
    for (let i = 0; i < 6; i += 1) {
      window.started(1);
      window.failed(1, now);
      const failedAt = now;
      while (!window.mayStart(1, now)) now += 50;
      pauses.push(now - failedAt);
    }
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 4000]);
    expect(window.size).toBe(1);
    window.started(1);
    window.succeeded(1, 3);
    window.started(1);
    window.failed(1, now);
    expect([window.mayStart(1, now + 249), window.mayStart(1, now + 250)]).toEqual([false, true]);
  });

  it('never has more in flight than it may, nor more bytes but for a single hint', () => {
    const event = fc.record({
      bytes: fc.integer({ min: 1, max: 2000 }),
      end: fc.constantFrom('none', 'success', 'failure'),
      latencyMs: fc.nat({ max: 50 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const window = new HintWindow({ maxInFlight: 8, maxBytes: 3000 });
        const open: number[] = [];
        for (const [index, { bytes, end, latencyMs }] of events.entries()) {
          const now = index * 1000;
          if (window.mayStart(bytes, now)) {
            window.started(bytes);
            open.push(bytes);
          }
          const sum = open.reduce((total, each) => total + each, 0);
          expect(open.length).toBeLessThanOrEqual(8);
          expect(sum <= 3000 || open.length === 1).toBe(true);
          const ending = end === 'none' ? undefined : open.shift();
          if (ending === undefined) continue;
          if (end === 'success') window.succeeded(ending, latencyMs);
          else window.failed(ending, now);
          expect(window.inFlight).toBe(open.length);
          expect(window.size).toBeGreaterThanOrEqual(1);
        }
      }),
    );
  });
});
