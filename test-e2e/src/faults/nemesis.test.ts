import { SeededRandom } from '@kv/simulation';
import { expect, it } from 'vitest';
import type { FaultyCluster } from './cluster/faulty-cluster.ts';
import type { Fault } from './kinds/fault.ts';
import { Nemesis } from './nemesis.ts';

const cluster = {} as FaultyCluster;

function fault(kind: string, lane: Fault['lane'], end: () => Promise<boolean> = async () => true): Fault {
  return { kind, lane, lasts: { least: 10, most: 20 }, begin: async () => ({ what: 'node-1', end }) };
}

function nemesisOf(faults: readonly Fault[], forMs: number): Nemesis {
  const random = new SeededRandom(1);
  return new Nemesis(cluster, { faults, forMs, pace: 1 / 200, random, underWay: () => 3, log: () => undefined });
}

it('strikes with every kind before any comes again, in each lane one after the other', async () => {
  const faults = [fault('a', 'network'), fault('b', 'network'), fault('c', 'machine'), fault('d', 'machine')];
  const nemesis = nemesisOf(faults, 300);
  await nemesis.run();
  expect(nemesis.isActive).toBe(false);
  for (const lane of ['ab', 'cd']) {
    const episodes = nemesis.episodes.filter(({ kind }) => lane.includes(kind));
    expect(episodes.length).toBeGreaterThan(3);
    for (let at = 0; at + 1 < episodes.length; at += 2) {
      expect(new Set(episodes.slice(at, at + 2).map(({ kind }) => kind)).size).toBe(2);
    }
    for (const [at, episode] of episodes.entries()) {
      expect(episode).toMatchObject({ what: 'node-1', tookEffect: true, underWay: 3 });
      if (at > 0) expect(episode.startedAt).toBeGreaterThanOrEqual(episodes[at - 1]!.endedAt);
    }
  }
});

it('strikes with every kind once, however little time there is', async () => {
  const nemesis = nemesisOf([fault('a', 'network'), fault('b', 'network'), fault('c', 'machine')], 0);
  await nemesis.run();
  expect(nemesis.episodes.map(({ kind }) => kind).sort()).toEqual(['a', 'b', 'c']);
});

it('is active while a fault is, and tells how a member did not come back from one', async () => {
  const active: boolean[] = [];
  const broken = fault('a', 'network', async () => {
    active.push(nemesis.isActive);
    throw new Error('it stayed away');
  });
  const nemesis = nemesisOf([broken], 60);
  expect(nemesis.isActive).toBe(false);
  await nemesis.run();
  expect(new Set(active)).toEqual(new Set([true]));
  expect(nemesis.episodes[0]).toMatchObject({ kind: 'a', broke: 'it stayed away' });
});
