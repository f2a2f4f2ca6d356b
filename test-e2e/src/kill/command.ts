/** `npm run e2e -- kill`. */
import { parseArgs } from 'node:util';
import { LocalCluster } from '@kv/local-cluster';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { runKillRounds } from './kill-rounds.ts';

export async function killCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '20' },
      'round-ms': { type: 'string', default: '4000' },
      seed: { type: 'string', default: '1' },
    },
  });
  await using folder = await makeTemporaryFolder();
  await using cluster = await LocalCluster.start({ nodes: 3, port: 'free', data: folder.path });
  await cluster.waitReady();
  const report = await runKillRounds(cluster, {
    rounds: Number(values.rounds),
    roundMs: Number(values['round-ms']),
    seed: Number(values.seed),
    log: (line) => console.log(line),
  });
  const { lost, ...figures } = report;
  console.log(JSON.stringify({ ...figures, lost: lost.length }));
  for (const loss of lost.slice(0, 20)) console.error('lost', JSON.stringify(loss));
  return lost.length === 0 ? 0 : 1;
}
