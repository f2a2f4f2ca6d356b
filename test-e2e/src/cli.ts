/** `npm run e2e -- kill`, `faults` or `fuzz`: the long form of the end-to-end tests, with their figures. */
import { faultsCommand } from './faults/command.ts';
import { fuzzCommand } from './fuzz/command.ts';
import { killCommand } from './kill/command.ts';

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  kill: killCommand,
  faults: faultsCommand,
  fuzz: fuzzCommand,
};
const usage = [
  'usage: npm run e2e -- kill [--rounds 20] [--round-ms 4000] [--seed 1]',
  '       npm run e2e -- faults [--minutes 4] [--seed N]',
  '       npm run e2e -- fuzz [--requests 20000] [--seed N]',
].join('\n');

async function main([name = '', ...args]: readonly string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return command(args);
  console.error(usage);
  return 2;
}

process.exitCode = await main(process.argv.slice(2));
