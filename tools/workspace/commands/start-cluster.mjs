/** `npm start`: from a fresh clone to a running cluster. */
import { install } from '../install.mjs';
import { build } from '../nx.mjs';
import { parseOptions, readDataFolder, readNumber } from '../options.mjs';
import { createProgress } from '../progress.mjs';
import { createTerminal } from '../terminal.mjs';

const line = {
  command: 'npm start --',
  names: ['nodes', 'port', 'data'],
  usage: 'npm start -- --nodes 5 --port 7500 --data DIR',
};

/** @param {string[]} argv */
export async function main(argv) {
  const { options } = parseOptions(argv, process.env, line);
  const cluster = {
    ...readNumber(options, 'nodes'),
    ...readNumber(options, 'port'),
    ...readDataFolder(options, process.env),
  };
  const progress = createProgress({ stream: process.stdout });
  await install(progress);
  await build(['node', 'local-cluster'], progress);
  const { startCommand } = await import('../../local-cluster/dist/index.js');
  return startCommand(cluster, createTerminal(progress));
}
