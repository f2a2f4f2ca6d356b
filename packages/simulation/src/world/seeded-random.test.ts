import { describe, expect, it } from 'vitest';
import { SeededRandom } from './seeded-random.ts';

const draws = (random: SeededRandom, count = 50) => Array.from({ length: count }, () => random.next());

describe('SeededRandom', () => {
  it('gives the same numbers for the same name, and others for another', () => {
    expect(draws(new SeededRandom(7))).toEqual(draws(new SeededRandom('7')));
    expect(draws(new SeededRandom(7))).not.toEqual(draws(new SeededRandom(8)));
  });

  it('gives a stream its own numbers, whatever was drawn from others before', () => {
    const untouched = new SeededRandom(7);
    const used = new SeededRandom(7);
    draws(used);
    draws(used.fork('network'));
    expect(draws(used.fork('disk'))).toEqual(draws(untouched.fork('disk')));
    expect(draws(used.fork('disk'))).not.toEqual(draws(untouched.fork('network')));
  });

  it('spreads its numbers evenly', () => {
    for (const seed of [0, 1, 2, 3, 4]) {
      const counts = new Array<number>(10).fill(0);
      for (const value of draws(new SeededRandom(seed), 20_000)) counts[Math.floor(value * 10)]! += 1;
      // Chi-squared with 9 degrees of freedom: 27.9 is passed by chance once in a thousand.
      const chiSquared = counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
      expect(chiSquared).toBeLessThan(27.9);
    }
  });

  it('keeps to the ranges asked for', () => {
    const random = new SeededRandom(1);
    const many = <T>(draw: () => T): T[] => Array.from({ length: 2000 }, draw);
    expect(new Set(many(() => random.integer(3, 5)))).toEqual(new Set([3, 4, 5]));
    expect(many(() => random.between(-2, 2)).every((value) => value >= -2 && value < 2)).toBe(true);
    expect(many(() => random.logBetween(0.1, 1000)).every((value) => value >= 0.0999 && value <= 1000)).toBe(true);
    expect(many(() => random.exponential(5)).every((value) => value >= 0)).toBe(true);
    expect(many(() => random.hex(5)).every((text) => /^[0-9a-f]{5}$/.test(text))).toBe(true);
    expect(random.chance(0)).toBe(false);
    expect(random.chance(1)).toBe(true);
    expect([...random.shuffled([1, 2, 3, 4])].sort()).toEqual([1, 2, 3, 4]);
    expect(() => random.pick([])).toThrow(RangeError);
  });

  it('draws the mean that was asked for', () => {
    const random = new SeededRandom(1);
    const mean = Array.from({ length: 20_000 }, () => random.exponential(5)).reduce((a, b) => a + b, 0) / 20_000;
    expect(mean).toBeGreaterThan(4.8);
    expect(mean).toBeLessThan(5.2);
  });
});
