/** `npm run e2e -- kill`: the long form of an end-to-end test, with its figures. */
import { parseArgs } from 'node:util';
import { LocalCluster } from '@kv/local-cluster';
import { runKillRounds } from './kill/kill-rounds.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

const usage = 'usage: npm run e2e -- kill [--rounds 20] [--round-ms 4000] [--seed 1]';

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '20' },
      'round-ms': { type: 'string', default: '4000' },
      seed: { type: 'string', default: '1' },
    },
  });
  if (positionals.length !== 1 || positionals[0] !== 'kill') {
    console.error(usage);
    return 2;
  }
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

process.exitCode = await main(process.argv.slice(2));
