/** `npm run e2e -- faults`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { allFaults } from './kinds/all-faults.ts';
import { type Needed, printReport, shortcomings } from './report.ts';
import { runFaults } from './run-faults.ts';

/** What makes a run of the usual length mean something. */
const needed: Needed = { successes: 10_000, shareDuringFaults: 0.2 };

export async function faultsCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '4' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'kv-e2e-faults-'));
  const seed = Number(values.seed);
  const began = performance.now();
  const log = (line: string): void => {
    console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  };
  log(`seed ${seed}, everything in ${folder}`);
  const report = await runFaults({
    folder,
    faults: allFaults,
    forMs: Number(values.minutes) * 60_000,
    pace: 1,
    seed,
    log,
  });
  for (const line of printReport(report)) console.log(line);
  const short = shortcomings(report, needed);
  if (short.length === 0) {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    return 0;
  }
  for (const line of short) console.error(line);
  console.error(
    `seed ${seed}; the histories are in ${join(folder, 'histories')}, the members' logs in ${join(folder, 'data')}`,
  );
  return 1;
}
