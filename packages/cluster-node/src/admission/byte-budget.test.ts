import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BudgetShare, ByteBudget } from './byte-budget.ts';

describe('a budget of bytes', () => {
  it('lets in what fits, and again what is given back', () => {
    const budget = new ByteBudget({ total: 100, perClient: 100 });
    const client = budget.client();
    const share = client.take(60);
    expect(client.take(41)).toBeUndefined();
    expect(client.take(40)?.bytes).toBe(40);
    expect(budget.held).toBe(100);
    share?.giveBack();
    share?.giveBack();
    expect(budget.held).toBe(40);
    expect(client.take(60)).toBeDefined();
  });

  it('leaves to others what one client may not have', () => {
    const budget = new ByteBudget({ total: 100, perClient: 50 });
    const [greedy, modest] = [budget.client(), budget.client()];
    expect(greedy.take(50)).toBeDefined();
    expect(greedy.take(1)).toBeUndefined();
    expect(modest.take(50)).toBeDefined();
    expect(modest.take(1)).toBeUndefined();
  });

  it('lets one in alone, however large it is', () => {
    const budget = new ByteBudget({ total: 100, perClient: 50 });
    const client = budget.client();
    const huge = client.take(1000);
    expect(huge?.resize(2000)).toBe(true);
    expect(budget.client().take(1)).toBeUndefined();
    huge?.giveBack();
    expect(budget.held).toBe(0);
  });

  it('lets a share grow only into what is free, but shrink always', () => {
    const budget = new ByteBudget({ total: 100, perClient: 100 });
    const client = budget.client();
    const [one, other] = [client.take(50), client.take(50)];
    expect(one?.resize(51)).toBe(false);
    expect(one?.bytes).toBe(50);
    expect(other?.resize(10)).toBe(true);
    expect(one?.resize(90)).toBe(true);
    expect(budget.held).toBe(100);
  });

  it('holds what it must beyond its bound, and nothing for a share that is back', () => {
    const budget = new ByteBudget({ total: 100, perClient: 100 });
    const share = budget.client().take(50);
    share?.force(500);
    expect(budget.held).toBe(500);
    share?.giveBack();
    share?.force(500);
    expect(share?.resize(10)).toBe(true);
    expect(budget.held).toBe(0);
  });

  it('holds the sum of all shares, and within its bounds but for those that were alone', () => {
    const limits = { total: 100, perClient: 60 };
    const step = fc.record({
      client: fc.nat(2),
      index: fc.nat(9),
      bytes: fc.integer({ min: 1, max: 80 }),
      act: fc.constantFrom('take', 'resize', 'back'),
    });
    const run = (steps: readonly { client: number; index: number; bytes: number; act: string }[]): void => {
      const budget = new ByteBudget(limits);
      const clients = [budget.client(), budget.client(), budget.client()];
      const shares: BudgetShare[][] = [[], [], []];
      const sumOf = (client: number): number => (shares[client] ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
      for (const { client, index, bytes, act } of steps) {
        const [own, before, wholeBefore] = [shares[client] ?? [], sumOf(client), budget.held];
        const share = own[index];
        if (act === 'take') {
          const taken = clients[client]?.take(bytes);
          if (taken !== undefined) own.push(taken);
          const fits = (before === 0 || before + bytes <= limits.perClient) && wholeBefore + bytes <= limits.total;
          expect(taken !== undefined).toBe(fits || wholeBefore === 0);
        } else if (act === 'resize') share?.resize(bytes);
        else own.splice(index, 1)[0]?.giveBack();
        expect(clients.map(({ held }) => held)).toEqual([0, 1, 2].map(sumOf));
        expect(budget.held).toBe(sumOf(0) + sumOf(1) + sumOf(2));
        const count = shares.flat().length;
        if (count > 1 && budget.held > limits.total) expect(budget.held).toBeLessThanOrEqual(wholeBefore);
      }
    };
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), run));
  });
});
