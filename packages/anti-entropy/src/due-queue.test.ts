import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Due, DueQueue } from './due-queue.ts';

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant('add' as const), dueAt: fc.integer({ min: -5, max: 20 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), nth: fc.nat(30) }) },
  ),
  { maxLength: 120 },
);

describe('a queue of what is due', () => {
  it('has the earliest first, whatever is added, taken and removed in between', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const queue = new DueQueue<Due>();
        const model: Due[] = [];
        const drop = (item: Due | undefined): void => {
          if (item === undefined) return;
          queue.remove(item);
          model.splice(model.indexOf(item), 1);
          expect(item.place).toBeUndefined();
        };
        for (const step of all) {
          if (step.do === 'add') {
            const item: Due = { dueAt: step.dueAt, place: undefined };
            queue.add(item);
            model.push(item);
          } else if (step.do === 'take') drop(queue.first);
          else drop(model[step.nth % Math.max(1, model.length)]);
          expect(queue.first?.dueAt).toBe(
            model.length === 0 ? undefined : Math.min(...model.map(({ dueAt }) => dueAt)),
          );
        }
      }),
    );
  });

  it('lets what is in no queue be removed', () => {
    const queue = new DueQueue<Due>();
    const item: Due = { dueAt: 1, place: undefined };
    queue.remove(item);
    queue.add(item);
    queue.remove(item);
    queue.remove(item);
    expect(queue.first).toBeUndefined();
  });
});
