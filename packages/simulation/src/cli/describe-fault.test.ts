import { describe, expect, it } from 'vitest';
import { type Direction, drawFaultPlan } from '../scenario/fault-plan.ts';
import { SeededRandom } from '../world/seeded-random.ts';
import { describeDirections, describeFault } from './describe-fault.ts';

const machines = ['node-1', 'node-2', 'node-3', 'client-1', 'client-2', 'client-3'];

function across(near: readonly string[], far: readonly string[]): Direction[] {
  return near.flatMap((from) =>
    far.flatMap((to): Direction[] => [
      [from, to],
      [to, from],
    ]),
  );
}

describe('directions', () => {
  it('are named where they are few', () => {
    expect(describeDirections([['node-1', 'node-2']])).toBe('node-1 → node-2');
    expect(
      describeDirections([
        ['a', 'b'],
        ['c', 'b'],
        ['a', 'b'],
      ]),
    ).toBe('a → b, c → b');
    expect(describeDirections([])).toBe('no direction');
  });

  it('are named by the one that they all come from, or lead to', () => {
    const [one = '', ...others] = machines;
    expect(describeDirections(others.map((to) => [one, to]))).toBe('all from node-1 (5 directions)');
    expect(describeDirections(others.map((from) => [from, one]))).toBe('all to node-1 (5 directions)');
  });

  it('are named by the two sides that they separate', () => {
    expect(describeDirections(across(['node-2'], ['node-1', 'node-3']))).toBe('between node-2 and node-1, node-3');
    expect(describeDirections(across(['node-1'], machines.slice(1)))).toBe(
      'between node-1 and client-1, client-2, client-3 and 2 more',
    );
    const oneWayMissing = across(machines.slice(0, 2), machines.slice(2)).slice(1);
    expect(describeDirections(oneWayMissing)).toBe('15 directions');
  });

  it('are counted where they have nothing in common', () => {
    const ring = machines.map((from, i): Direction => [from, machines[(i + 1) % machines.length] ?? '']);
    expect(describeDirections(ring)).toBe('6 directions');
  });
});

describe('a fault', () => {
  it('says when, where and how much', () => {
    const span = { at: 6399.184470064938, until: 7776.257571475547 };
    expect(
      describeFault({ kind: 'partition', ...span, strikeAfterMs: 19.25501197, pairs: across(['a'], ['b', 'c']) }),
    ).toBe('partition, 6399 to 7776 ms: between a and b, c; strikeAfterMs 19.3');
    expect(
      describeFault({ kind: 'clock-jump', at: 1.2, until: 1.2, strikeAfterMs: 1, machine: 'node-2', byMs: -461.83 }),
    ).toBe('clock-jump, 1 ms: node-2; strikeAfterMs 1; byMs -462');
    expect(describeFault({ kind: 'loss', ...span, links: undefined, chance: 0.0337657, delayMs: 0 })).toBe(
      'loss, 6399 to 7776 ms: chance 0.0338; delayMs 0',
    );
  });

  it('is one short line, whatever was drawn', () => {
    const nodes = Array.from({ length: 7 }, (_, i) => `node-${i + 1}`);
    const clients = Array.from({ length: 12 }, (_, i) => `client-${i + 1}`);
    const plans = Array.from({ length: 60 }, (_, seed) =>
      drawFaultPlan(new SeededRandom(seed), { nodes, clients, durationMs: 45_000, casualty: nodes[0] }),
    );
    const lines = plans.flat().map(describeFault);
    expect(lines.length).toBeGreaterThan(500);
    expect(lines.filter((line) => line.length > 200 || /[\n{}]|undefined|object/.test(line))).toEqual([]);
  });
});
