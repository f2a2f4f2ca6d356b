import { expect, it } from 'vitest';
import { measureRings } from './hash-ring-measurement.ts';

it('the figures of the hash ring lie within what its README promises', () => {
  const figures = measureRings([3, 5]);
  expect(figures.map(({ servers, weights }) => `${servers} ${weights}`)).toEqual([
    '3 equal',
    '3 1:2:4',
    '5 equal',
    '5 1:2:4',
  ]);
  for (const { copies, join, leave } of figures) {
    expect(copies.least).toBeGreaterThan(0.95);
    expect(copies.most).toBeLessThan(1.05);
    expect(Math.max(join, leave)).toBeLessThanOrEqual(1.05);
  }
});
