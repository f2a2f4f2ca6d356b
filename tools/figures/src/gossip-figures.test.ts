import { describe, expect, it } from 'vitest';
import { measure, median } from './gossip-measurement.ts';
import { plotConvergence } from './gossip-plot.ts';

describe('the figures of gossip', () => {
  const effort = { members: 3, seeds: 2, quietMs: 10_000 };

  it('are the same every time', () => {
    expect(measure(effort)).toEqual(measure(effort));
  });

  it('measure a cluster that finds itself and its crashed member, and blames no other', () => {
    const measurement = measure(effort);
    expect(measurement).toMatchObject({ members: 3, falseSuspicionsPerHour: 0, falseDowns: 0 });
    expect(measurement.coldStartRounds).toHaveLength(2);
    for (const rounds of measurement.changeRounds) expect(rounds).toBeLessThan(5);
    for (const seconds of measurement.detectionSeconds) expect(seconds).toBeGreaterThan(4);
  });

  it('take the middle, or the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 7])).toBe(6);
    expect(() => median([])).toThrow('a median needs a value');
  });

  it('are drawn with the sizes at logarithmic distances', () => {
    const one = measure(effort);
    const svg = plotConvergence([3, 30, 300].map((members) => ({ ...one, members })));
    const places = [...svg.matchAll(/<circle class="dot cold" cx="([\d.]+)"/g)].map(([, at]) => Number(at));
    const [first = 0, second = 0, third = 0] = places;
    expect(places).toHaveLength(3);
    expect(third - second).toBeCloseTo(second - first, 0);
    expect(svg.match(/<text/g)?.length).toBe(svg.match(/<\/text>/g)?.length);
  });
});
