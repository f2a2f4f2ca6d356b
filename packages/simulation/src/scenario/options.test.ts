import { checkTopologyConfig } from '@kv/cluster-node';
import { describe, expect, it } from 'vitest';
import { SimulatedCluster } from '../cluster/simulated-cluster.ts';
import { SeededRandom } from '../world/seeded-random.ts';
import { World } from '../world/world.ts';
import { configOf } from './keyspaces/keyspace-options.ts';
import { drawOptions, toleratesLoss } from './options.ts';
import { scenarioNames } from './scenarios.ts';

const drawn = Array.from({ length: 300 }, (_, seed) => drawOptions(new SeededRandom(seed), 'eventual'));
const keyspaces = drawn.flatMap((options) => options.keyspaces);

describe('drawOptions', () => {
  it('makes a run of 3 to 7 nodes, 300 operations on at most 30 keys', () => {
    for (const { cluster, workload } of drawn) {
      expect([3, 4, 5, 6, 7]).toContain(cluster.nodes);
      expect(workload.operations).toBe(300);
    }
    for (const { keys } of keyspaces) {
      expect(keys).toBeGreaterThanOrEqual(1);
      expect(keys).toBeLessThanOrEqual(30);
    }
    expect(new Set(drawn.map(({ cluster }) => cluster.nodes)).size).toBe(5);
  });

  it('draws only quorums that there are replicas for, and often ones that promise something', () => {
    for (const { quorums, replicas } of keyspaces) {
      for (const { r, w } of quorums) {
        expect(Math.min(r, w)).toBeGreaterThanOrEqual(1);
        expect(Math.max(r, w)).toBeLessThanOrEqual(replicas);
      }
    }
    const strict = keyspaces.filter(({ quorums, replicas }) => quorums.every(({ r, w }) => r + w > replicas));
    expect(strict.length / keyspaces.length).toBeGreaterThan(0.5);
  });

  it('leaves stamping to a coordinator only where a frame cannot arrive twice', () => {
    for (const { network, keyspaces } of drawn) {
      if (network.mode === 'datagram') expect(keyspaces[0]?.stampedShare).toBe(1);
    }
    expect(keyspaces.some(({ stampedShare }) => stampedShare < 1)).toBe(true);
  });

  it('lets a disk be lost only where every write is on two, which is so in a good part of the seeds', () => {
    const tolerant = drawn.filter(toleratesLoss);
    for (const { keyspaces } of tolerant) {
      for (const { quorums } of keyspaces) expect(Math.min(...quorums.map(({ w }) => w))).toBeGreaterThanOrEqual(2);
    }
    expect(tolerant.length / drawn.length).toBeGreaterThan(0.4);
    expect(tolerant.length / drawn.length).toBeLessThan(0.9);
  });

  it.each(scenarioNames)('draws clusters for %s that the nodes accept', (scenario) => {
    for (let seed = 0; seed < 30; seed += 1) {
      const { cluster, keyspaces, disk } = drawOptions(new SeededRandom(seed), scenario);
      const config = { options: cluster, keyspaces: keyspaces.map(configOf), disk, clockSpreadMs: 0, replacements: {} };
      const random = new SeededRandom('x');
      const { topology } = new SimulatedCluster(new World({ seed: 1 }), { ...config, random, failed: () => undefined });
      expect(() => checkTopologyConfig(topology)).not.toThrow();
    }
  });
});
