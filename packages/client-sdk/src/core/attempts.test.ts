import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AttemptEffect, Attempts } from './attempts.ts';

const random = (value: number): { next: () => number; bytes: () => Uint8Array } => ({
  next: () => value,
  bytes: () => new Uint8Array(0),
});

const sent = (effects: readonly AttemptEffect[]): string[] =>
  effects.flatMap((effect) => (effect.type === 'send' ? [effect.to] : []));
const waits = (effects: readonly AttemptEffect[]): number[] =>
  effects.flatMap((effect) => (effect.type === 'wait' ? [effect.forMs] : []));

describe('attempts', () => {
  it('fail over at once within the first round, and wait longer each round after it', () => {
    const attempts = new Attempts(['a', 'b'], 1000, random(1));
    const order = sent(attempts.start());
    const pauses: number[] = [];
    for (let effects = attempts.ended(); waits(effects).length > 0; effects = attempts.ended()) {
      pauses.push(...waits(effects));
      order.push(...sent(attempts.next()));
    }
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']);
    expect(pauses).toEqual([0, 50, 50, 100, 100, 200, 200, 400, 400, 500, 500]);
  });

  it('wait before another node is asked where one is busy, longer each time', () => {
    const attempts = new Attempts(['a', 'b', 'c'], 1000, random(1));
    attempts.start();
    const pauses = [1, 2, 3, 4, 5].flatMap(() => {
      const pause = waits(attempts.ended(true));
      attempts.next();
      return pause;
    });
    expect(pauses).toEqual([50, 100, 200, 400, 500]);
  });

  it('draw at least half of each pause', () => {
    const attempts = new Attempts(['a'], 1000, random(0));
    attempts.start();
    expect(waits(attempts.ended())).toEqual([25]);
  });

  it('ask the next one when one is silent for as long as patience lasts', () => {
    const attempts = new Attempts(['a', 'b'], 700, random(0));
    expect(attempts.start()).toEqual([
      { type: 'send', to: 'a' },
      { type: 'watch', forMs: 700 },
    ]);
    expect(sent(attempts.next())).toEqual(['b']);
  });

  it('give up only when nothing is under way any more', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (turns, candidates) => {
        const names = Array.from({ length: candidates }, (_, index) => `n${index}`);
        const attempts = new Attempts(names, 100, random(0.5));
        let underWay = sent(attempts.start()).length;
        let made = underWay;
        for (const isNext of turns) {
          if (!isNext && underWay === 0) continue;
          const effects = isNext ? attempts.next() : attempts.ended();
          underWay += sent(effects).length - (isNext ? 0 : 1);
          made += sent(effects).length;
          if (effects.some(({ type }) => type === 'give-up')) expect(underWay).toBe(0);
        }
        expect(made).toBeLessThanOrEqual(12);
      }),
    );
  });
});
