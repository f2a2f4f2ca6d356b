import { describe, expect, it } from 'vitest';
import { Pace } from './pace.ts';

describe('the pace of rounds', () => {
  it('follows how long they take, within bounds', () => {
    const pace = new Pace();
    for (let round = 0; round < 40; round += 1) pace.took(60);
    expect(pace.roundMs).toBeCloseTo(60, 1);
    for (let round = 0; round < 40; round += 1) pace.took(0);
    expect(pace.roundMs).toBeCloseTo(1, 1);
    for (let round = 0; round < 40; round += 1) pace.took(60_000);
    expect(pace.roundMs).toBeCloseTo(250, 0);
  });
});
