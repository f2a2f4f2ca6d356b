import { describe, expect, it } from 'vitest';
import { QuorumError } from './errors.ts';
import { answersNeeded, checkedQuorum, type ConsistencyLevel, consistencyLevels, majority } from './levels.ts';

const replicaCounts = [1, 2, 3, 4, 5, 6, 7];

describe('majority', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [6, 4],
    [7, 4],
  ])('of %i is %i', (n, expected) => {
    expect(majority(n)).toBe(expected);
  });

  it.each(replicaCounts)('of %i is the smallest number of which any two sets meet', (n) => {
    expect(2 * majority(n)).toBeGreaterThan(n);
    expect(2 * (majority(n) - 1)).toBeLessThanOrEqual(n);
  });
});

describe('checkedQuorum', () => {
  it.each(replicaCounts)('of %i replicas is what was asked for, from one to all', (n) => {
    for (let asked = 1; asked <= n; asked += 1) expect(checkedQuorum('r', asked, n)).toBe(asked);
  });

  it.each(replicaCounts)('of %i replicas is a majority when nothing was asked for', (n) => {
    expect(checkedQuorum('w', undefined, n)).toBe(majority(n));
  });

  it.each(replicaCounts)('of %i replicas refuses anything else', (n) => {
    for (const asked of [0, -1, n + 1, 0.5, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const check = (): number => checkedQuorum('w', asked, n);
      expect(check).toThrow(QuorumError);
      expect(check).toThrow(expect.objectContaining({ code: 'INVALID_QUORUM' }));
      expect(check).toThrow(`w must be an integer from 1 to ${n} (the number of replicas), got ${asked}`);
    }
  });

  it('refuses a default over no replicas', () => {
    expect(() => checkedQuorum('r', undefined, 0)).toThrow(QuorumError);
  });
});

describe('a consistency level', () => {
  it.each(replicaCounts)('of %i replicas needs as many as it says, or is refused', (n) => {
    const needed: Record<ConsistencyLevel, number> = {
      one: 1,
      two: 2,
      three: 3,
      quorum: majority(n),
      all: n,
      'local-one': 1,
      'local-quorum': majority(n),
      'each-quorum': majority(n),
    };
    for (const level of consistencyLevels) {
      const answers = () => answersNeeded({ name: 'r', level }, n);
      if (needed[level] <= n) expect(answers()).toBe(needed[level]);
      else expect(answers).toThrow(`the level ${level} needs ${needed[level]} replicas, the keyspace has ${n}`);
    }
  });

  it('is one of those that there are', () => {
    const level = 'foo' as ConsistencyLevel;
    expect(() => answersNeeded({ name: 'r', level }, 3)).toThrow(
      'a level is one of one, two, three, quorum, all, local-one, local-quorum, each-quorum, got "foo"',
    );
  });

  it('excludes a number, and without either a majority is meant', () => {
    expect(() => answersNeeded({ name: 'w', number: 2, level: 'quorum' }, 3)).toThrow(
      'w and level exclude each other, got 2 and quorum',
    );
    expect([answersNeeded({ name: 'w' }, 5), answersNeeded({ name: 'w', number: 4 }, 5)]).toEqual([3, 4]);
  });
});
