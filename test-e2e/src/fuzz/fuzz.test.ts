/** The short form of `npm run e2e -- fuzz`. */
import { expect, it } from 'vitest';
import { runFuzz } from './fuzz-run.ts';
import { startFuzzedCluster } from './fuzzed-cluster.ts';
import { printReport, shortcomings } from './report.ts';

it('every answer is one that the API describes, what was put is there, and no process dies or grows', {
  timeout: 180_000,
}, async () => {
  await using running = await startFuzzedCluster();
  const seed = Math.floor(Math.random() * 2 ** 31);
  const report = await runFuzz(running.cluster.nodes, { requests: 2000, seed });
  expect(shortcomings(report), [`seed ${seed}`, ...printReport(report)].join('\n')).toEqual([]);
});
