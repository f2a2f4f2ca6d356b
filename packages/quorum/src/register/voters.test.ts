import { describe, expect, it } from 'vitest';
import { Voters } from './voters.ts';

const among =
  (...names: string[]) =>
  (voter: string) =>
    names.includes(voter);

describe('voters', () => {
  it('of one set need more than half of it', () => {
    const voters = new Voters(['a', 'b', 'c', 'd']);
    expect(voters.majorityOf(among('a', 'b'))).toBe(false);
    expect(voters.majorityOf(among('a', 'b', 'd'))).toBe(true);
  });

  it('of two sets need more than half of each, and everyone counts where it is', () => {
    const voters = new Voters(['a', 'b', 'c'], ['c', 'd', 'e']);
    expect(voters.all).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(voters.majorityOf(among('a', 'b'))).toBe(false);
    expect(voters.majorityOf(among('a', 'c', 'd'))).toBe(true);
    expect(voters.majorityOf(among('c', 'd', 'e'))).toBe(false);
  });

  it('count a voter that is named twice once', () => {
    expect(new Voters(['a', 'a', 'b']).majorityOf(among('a'))).toBe(false);
  });

  it.each([[[]], [[['a'], []]]])('must be somebody: %j', (sets) => {
    expect(() => new Voters(...sets)).toThrow(RangeError);
  });
});
