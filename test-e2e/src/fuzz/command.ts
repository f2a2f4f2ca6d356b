/** `npm run e2e -- fuzz`. */
import { parseArgs } from 'node:util';
import { runFuzz } from './fuzz-run.ts';
import { startFuzzedCluster } from './fuzzed-cluster.ts';
import { printReport, shortcomings } from './report.ts';

export async function fuzzCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      requests: { type: 'string', default: '20000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    },
  });
  await using running = await startFuzzedCluster();
  const seed = Number(values.seed);
  console.log(`seed ${seed}`);
  const report = await runFuzz(running.cluster.nodes, { requests: Number(values.requests), seed });
  for (const line of printReport(report)) console.log(line);
  const short = shortcomings(report);
  for (const line of short) console.error(line);
  return short.length === 0 ? 0 : 1;
}
