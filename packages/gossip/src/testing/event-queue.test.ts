import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventQueue } from './event-queue.ts';

describe('EventQueue', () => {
  it('runs events by time, those of one time as scheduled, and none before it is due', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 100 }), fc.nat(50), (times, until) => {
        const queue = new EventQueue();
        const ran: (readonly [number, number])[] = [];
        times.forEach((at, index) => {
          queue.schedule(at, () => ran.push([queue.now, index]));
        });
        while (queue.runNext(until));
        const expected = times.map((at, index) => [at, index] as const).filter(([at]) => at <= until);
        expect(ran).toEqual(expected.sort((a, b) => a[0] - b[0] || a[1] - b[1]));
        expect(queue.now).toBe(until);
      }),
    );
  });

  it('takes what is scheduled for the past as due now', () => {
    const queue = new EventQueue();
    queue.runNext(100);
    const ran: number[] = [];
    queue.schedule(5, () => ran.push(queue.now));
    queue.runNext(100);
    expect(ran).toEqual([100]);
  });
});
