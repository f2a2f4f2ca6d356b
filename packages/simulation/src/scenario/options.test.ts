import { checkTopologyConfig } from '@kv/cluster-node';
import { describe, expect, it } from 'vitest';
import { SimulatedCluster } from '../cluster/simulated-cluster.ts';
import { SeededRandom } from '../world/seeded-random.ts';
import { World } from '../world/world.ts';
import { drawOptions } from './options.ts';

const drawn = Array.from({ length: 300 }, (_, seed) => drawOptions(new SeededRandom(seed)));

describe('drawOptions', () => {
  it('makes a run of 3 to 7 nodes, 300 operations on at most 30 keys', () => {
    for (const { cluster, workload } of drawn) {
      expect([3, 4, 5, 6, 7]).toContain(cluster.nodes);
      expect(workload.operations).toBe(300);
      expect(workload.keys).toBeGreaterThanOrEqual(1);
      expect(workload.keys).toBeLessThanOrEqual(30);
    }
    expect(new Set(drawn.map(({ cluster }) => cluster.nodes)).size).toBe(5);
  });

  it('draws only quorums that there are replicas for, and often ones that promise something', () => {
    for (const { cluster, workload } of drawn) {
      for (const { r, w } of workload.quorums) {
        expect(Math.min(r, w)).toBeGreaterThanOrEqual(1);
        expect(Math.max(r, w)).toBeLessThanOrEqual(cluster.replicas);
      }
    }
    const strict = drawn.filter(({ cluster, workload }) =>
      workload.quorums.every(({ r, w }) => r + w > cluster.replicas),
    );
    expect(strict.length / drawn.length).toBeGreaterThan(0.5);
  });

  it('leaves stamping to a coordinator only where a frame cannot arrive twice', () => {
    for (const { network, workload } of drawn) {
      if (network.mode === 'datagram') expect(workload.stampedShare).toBe(1);
    }
    expect(drawn.some(({ workload }) => workload.stampedShare < 1)).toBe(true);
  });

  it('draws clusters that the nodes accept', () => {
    for (const { cluster, disk } of drawn.slice(0, 30)) {
      const config = { options: cluster, disk, clockSpreadMs: 0, replacements: {}, random: new SeededRandom('x') };
      const { topology } = new SimulatedCluster(new World({ seed: 1 }), { ...config, failed: () => undefined });
      expect(() => checkTopologyConfig(topology)).not.toThrow();
    }
  });
});
