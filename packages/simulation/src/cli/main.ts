/** `npm run simulate`: runs seeds, prints what came of it, and exits with 1 when a promise was broken. */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { plantedBug } from '../planted-bugs/all-planted-bugs.ts';
import { isClean, makeReport } from '../report.ts';
import { runSeed } from '../run-seed.ts';
import { parseArguments, type SimulateArguments, usage, UsageError } from './arguments.ts';
import { runCampaign } from './campaign.ts';
import { printReport } from './print-report.ts';
import { Progress } from './progress.ts';
import { Worker } from './worker-pool.ts';

async function main(): Promise<number> {
  const args = parseArguments(process.argv.slice(2));
  if (args === undefined) {
    console.log(usage);
    return 0;
  }
  if (args.trace !== undefined) await writeTrace(args, args.trace);
  const workers = Array.from({ length: args.jobs }, () => new Worker());
  const write = (text: string): void => void process.stderr.write(text);
  const progress = new Progress(args.count, { write, isTerminal: process.stderr.isTTY });
  try {
    const report = makeReport(await runCampaign(args, workers, progress));
    progress.clear();
    if (args.json) console.log(JSON.stringify(report));
    else printReport(report, (line) => console.log(line));
    return isClean(report) ? 0 : 1;
  } finally {
    for (const worker of workers) worker.stop();
  }
}

async function writeTrace({ scenario, seed, without, bug }: SimulateArguments, path: string): Promise<void> {
  const file = createWriteStream(path);
  const planted = bug === undefined ? undefined : plantedBug(bug);
  const onTrace = (line: string): void => void file.write(`${line}\n`);
  await runSeed({ scenario, seed, without: new Set(without), onTrace, ...(planted !== undefined && { bug: planted }) });
  file.end();
  await finished(file);
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof UsageError ? `${error.message}\n\n${usage}` : error);
    process.exitCode = 2;
  },
);
