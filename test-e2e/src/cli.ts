/** `npm run e2e -- kill`, `npm run e2e -- faults`: the long form of the end-to-end tests, with their figures. */
import { faultsCommand } from './faults/command.ts';
import { killCommand } from './kill/command.ts';

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  kill: killCommand,
  faults: faultsCommand,
};
const usage = [
  'usage: npm run e2e -- kill [--rounds 20] [--round-ms 4000] [--seed 1]',
  '       npm run e2e -- faults [--minutes 4] [--seed N]',
].join('\n');

async function main([name = '', ...args]: readonly string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return command(args);
  console.error(usage);
  return 2;
}

process.exitCode = await main(process.argv.slice(2));
