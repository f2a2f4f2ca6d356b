/** `npm run node -- 2`: one node of the cluster in the data folder, for example one that was killed. */
import { install } from '../install.mjs';
import { build } from '../nx.mjs';
import { parseOptions, readDataFolder } from '../options.mjs';
import { createProgress } from '../progress.mjs';
import { Refusal } from '../refusal.mjs';
import { createTerminal } from '../terminal.mjs';

const line = {
  command: 'npm run node --',
  names: ['data'],
  usage: 'npm run node -- 2 --data DIR',
  positionals: 1,
};

/** @param {string[]} argv */
export async function main(argv) {
  const { options, positionals } = parseOptions(argv, process.env, line);
  const [number] = positionals;
  if (!/^[1-9]\d*$/.test(number)) throw new Refusal(`a node is named by its number, got "${number}": ${line.usage}`);
  const { data } = readDataFolder(options, process.env);
  const progress = createProgress({ stream: process.stdout });
  await install(progress);
  await build(['node', 'local-cluster'], progress);
  const { nodeCommand } = await import('../../local-cluster/dist/index.js');
  return nodeCommand({ number: Number(number), data }, createTerminal(progress));
}
