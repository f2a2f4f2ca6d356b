import { describe, expect, it } from 'vitest';
import { LocalHealth } from './local-health.ts';

describe('LocalHealth (Lifeguard, section IV-A)', () => {
  it('grows more patient by a step with each bad round and no further than its worst', () => {
    const health = new LocalHealth(3);
    const patience = [0, 1, 2, 3, 4].map(() => {
      health.closeRound('unanswered');
      return health.patience;
    });
    expect(patience).toEqual([2, 3, 4, 4, 4]);
  });

  it('takes many signs within one round as one', () => {
    const health = new LocalHealth(8);
    for (let sign = 0; sign < 20; sign += 1) health.noteTrouble();
    health.closeRound('answered');
    expect(health.score).toBe(1);
  });

  it('recovers by a step with each answered round, down to well', () => {
    const health = new LocalHealth(8);
    health.closeRound('unanswered');
    health.closeRound('unanswered');
    const scores = [0, 1, 2].map(() => {
      health.closeRound('answered');
      return health.score;
    });
    expect(scores).toEqual([1, 0, 0]);
  });

  it('learns nothing from a round in which too few were asked', () => {
    const health = new LocalHealth(8);
    health.closeRound('unanswered');
    health.closeRound('idle');
    expect(health.score).toBe(1);
  });

  it('stays well for ever where it is switched off', () => {
    const health = new LocalHealth(0);
    health.closeRound('unanswered');
    expect(health.patience).toBe(1);
  });
});
