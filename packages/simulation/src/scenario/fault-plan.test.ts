import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../world/seeded-random.ts';
import { drawFaultPlan, type FaultEpisode, type PlannedKind, plannedKinds } from './fault-plan.ts';

const nodes = ['node-1', 'node-2', 'node-3', 'node-4'];
const request = { nodes, clients: ['client-1', 'client-2'], durationMs: 45_000, casualty: 'node-2' };
const planOf = (seed: number, without?: PlannedKind[]): FaultEpisode[] =>
  drawFaultPlan(new SeededRandom(seed), { ...request, ...(without !== undefined && { without: new Set(without) }) });
const seeds = Array.from({ length: 150 }, (_, seed) => seed);
const plans = seeds.map((seed) => planOf(seed));

describe('drawFaultPlan', () => {
  it('draws the same plan from the same seed', () => {
    for (const seed of seeds.slice(0, 30)) expect(planOf(seed)).toEqual(plans[seed]);
  });

  it('leaves every other fault as it was when a kind is left out', () => {
    for (const [seed, all] of plans.slice(0, 30).entries()) {
      for (const kind of plannedKinds) {
        expect(planOf(seed, [kind])).toEqual(all.filter((episode) => episode.kind !== kind));
      }
    }
  });

  it('has each kind in a good part of the seeds, and leaves each out of a good part', () => {
    for (const kind of plannedKinds) {
      const having = plans.filter((plan) => plan.some((episode) => episode.kind === kind)).length;
      expect(having / seeds.length, kind).toBeGreaterThan(kind === 'wipe' ? 0.2 : 0.3);
      expect(having / seeds.length).toBeLessThan(0.8);
    }
  });

  it('damages one disk at most, and none where there is no casualty', () => {
    const damaging = plans.flat().filter(({ kind }) => kind === 'bit-rot' || kind === 'wipe');
    expect(damaging.length).toBeGreaterThan(50);
    expect(damaging.filter((episode) => 'machine' in episode && episode.machine !== 'node-2')).toEqual([]);
    for (const [seed, plan] of plans.slice(0, 30).entries()) {
      expect(plan.filter(({ kind }) => kind === 'wipe').length).toBeLessThanOrEqual(1);
      const without = drawFaultPlan(new SeededRandom(seed), { ...request, casualty: undefined });
      expect(without).toEqual(plan.filter(({ kind }) => kind !== 'bit-rot' && kind !== 'wipe'));
    }
  });

  it('is in the order of time and ends what it begins', () => {
    for (const plan of plans) {
      expect(plan.map(({ at }) => at)).toEqual(plan.map(({ at }) => at).sort((a, b) => a - b));
      expect(plan.filter(({ at, until }) => !(at >= 0 && until >= at))).toEqual([]);
    }
  });

  it('cuts a partition in both directions between two sides, neither without a node', () => {
    const partitions = plans
      .flat()
      .flatMap((episode) => ('pairs' in episode && episode.kind === 'partition' ? [episode] : []));
    for (const { pairs } of partitions) {
      const cut = new Set(pairs.map(([from, to]) => `${from}>${to}`));
      expect(pairs.filter(([from, to]) => !cut.has(`${to}>${from}`))).toEqual([]);
      expect(pairs.some(([from, to]) => nodes.includes(from) && nodes.includes(to))).toBe(true);
    }
    expect(partitions.length).toBeGreaterThan(20);
  });
});
