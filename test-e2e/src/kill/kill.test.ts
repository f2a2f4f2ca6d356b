import { LocalCluster } from '@kv/local-cluster';
import { expect, it } from 'vitest';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { runKillRounds } from './kill-rounds.ts';

it('loses no acknowledged write to kill -9, of one node and of all at once', { timeout: 180_000 }, async () => {
  await using folder = await makeTemporaryFolder();
  await using cluster = await LocalCluster.start({ nodes: 3, port: 'free', data: folder.path });
  await cluster.waitReady();
  const report = await runKillRounds(cluster, { rounds: 5, roundMs: 2000, seed: 7 });
  expect(report.lost).toEqual([]);
  expect(report.kills).toBe(7);
  expect(report.acknowledged).toBeGreaterThan(100);
});
