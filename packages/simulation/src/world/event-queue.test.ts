import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventQueue } from './event-queue.ts';

describe('EventQueue', () => {
  it('gives out what was pushed in the order of time, then of pushing', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
        const queue = new EventQueue();
        const order: number[] = [];
        times.forEach((at, index) => queue.push(at, () => order.push(index)));
        for (let event = queue.pop(); event !== undefined; event = queue.pop()) event.run();
        const expected = times.map((at, index) => ({ at, index })).sort((a, b) => a.at - b.at || a.index - b.index);
        expect(order).toEqual(expected.map(({ index }) => index));
      }),
    );
  });

  it('keeps the order while pushes and pops alternate', () => {
    const commands = fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant('pop' as const)));
    fc.assert(
      fc.property(commands, (list) => {
        const queue = new EventQueue();
        const model: number[] = [];
        for (const command of list) {
          if (command === 'pop') {
            expect(queue.pop()?.at).toBe(model.shift());
          } else {
            queue.push(command, () => undefined);
            model.push(command);
            model.sort((a, b) => a - b);
          }
          expect(queue.size).toBe(model.length);
          expect(queue.nextAt).toBe(model[0]);
        }
      }),
    );
  });
});
