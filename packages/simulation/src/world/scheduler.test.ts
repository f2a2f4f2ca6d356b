import { describe, expect, it } from 'vitest';
import { Incarnation } from './incarnation.ts';
import { Scheduler } from './scheduler.ts';

describe('Scheduler', () => {
  it('drains every promise job of an event before the next one, also those that jobs make', async () => {
    const scheduler = new Scheduler();
    const order: string[] = [];
    for (let event = 0; event < 200; event += 1) {
      scheduler.after(event % 7, () => {
        order.push('event');
        void (async () => {
          for (let hop = 0; hop < 20; hop += 1) await Promise.resolve();
          order.push('job');
        })();
      });
    }
    await scheduler.runUntil(10);
    expect(order).toEqual(Array.from({ length: 200 }, () => ['event', 'job']).flat());
  });

  it('stands still while an event runs, and ends at the time that was asked for', async () => {
    const scheduler = new Scheduler();
    const seen: number[] = [];
    scheduler.after(5, () => {
      seen.push(scheduler.now);
      scheduler.after(2.5, () => seen.push(scheduler.now));
    });
    scheduler.after(100, () => seen.push(scheduler.now));
    await scheduler.runUntil(50);
    expect(seen).toEqual([5, 7.5]);
    expect(scheduler.now).toBe(50);
  });

  it('stops as soon as it is enough', async () => {
    const scheduler = new Scheduler();
    let count = 0;
    for (let at = 1; at <= 10; at += 1) scheduler.after(at, () => (count += 1));
    await scheduler.runUntil(100, () => count === 4);
    expect(count).toBe(4);
    expect(scheduler.now).toBe(4);
  });

  it('rejects with what an event throws', async () => {
    const scheduler = new Scheduler();
    scheduler.after(1, () => {
      throw new RangeError('broken');
    });
    await expect(scheduler.runUntil(10)).rejects.toThrow('broken');
  });

  it('refuses to go back in time', () => {
    expect(() => new Scheduler().after(-1, () => undefined)).toThrow(RangeError);
  });
});

describe('Incarnation', () => {
  it('puts off what happens during a pause, and then lets it happen in order, each event by itself', async () => {
    const scheduler = new Scheduler();
    const incarnation = new Incarnation(scheduler, 1);
    const order: string[] = [];
    for (const at of [1, 2, 3, 8]) {
      incarnation.runAfter(at, () => {
        order.push(`${at} at ${scheduler.now}`);
        void Promise.resolve().then(() => order.push(`after ${at}`));
      });
    }
    scheduler.after(1.5, () => incarnation.pause());
    scheduler.after(5, () => expect(incarnation.resume()).toBe(2));
    await scheduler.runUntil(10);
    expect(order).toEqual(['1 at 1', 'after 1', '2 at 5', 'after 2', '3 at 5', 'after 3', '8 at 8', 'after 8']);
  });

  it('never acts after its end, whether it was paused or not', async () => {
    const scheduler = new Scheduler();
    const acts: string[] = [];
    for (const paused of [false, true]) {
      const incarnation = new Incarnation(scheduler, 1);
      incarnation.runAfter(1, () => acts.push('before'));
      incarnation.runAfter(3, () => acts.push('after'));
      scheduler.after(2, () => {
        if (paused) incarnation.pause();
        incarnation.run(() => (paused ? acts.push('backlog') : undefined));
        incarnation.end();
        expect(incarnation.resume()).toBe(0);
      });
    }
    await scheduler.runUntil(10);
    expect(acts).toEqual(['before', 'before']);
  });
});
