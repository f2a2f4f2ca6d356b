/** `npm run bench -- storage`: measures the storage engine beside its peers and prints what it found. */
import { describeFileSystem, type FileSystemFacts } from '../measurement/file-system.ts';
import { describePlatform } from '../measurement/platform.ts';
import { Progress } from './progress.ts';
import { formatMiB } from './report/formatting.ts';
import { printReport } from './report/print-report.ts';
import { makeReport, type StorageReport } from './report/storage-report.ts';
import { runCampaign } from './run/campaign.ts';
import { parseStorageArguments, type StorageArguments, usage, UsageError } from './storage-arguments.ts';
import { engineVersions } from './versions.ts';

const GIB = 1024 ** 3;

/** @returns the exit code: 1 when something that should have been measured could not be */
export async function benchStorage(argv: readonly string[]): Promise<number> {
  const args = parseStorageArguments(argv);
  if (args === undefined) {
    console.log(usage);
    return 0;
  }
  const interrupted = new AbortController();
  const stop = (): void => interrupted.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  const progress = new Progress(process.stderr.isTTY ? (text) => process.stderr.write(text) : undefined);
  try {
    const report = await measure(args, progress, interrupted.signal);
    progress.stop();
    if (args.json) console.log(JSON.stringify(report, undefined, 1));
    else printReport(report, (line) => console.log(line));
    return report.failures.length === 0 ? 0 : 1;
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    return 130;
  } finally {
    progress.stop();
  }
}

async function measure(args: StorageArguments, progress: Progress, signal: AbortSignal): Promise<StorageReport> {
  const started = performance.now();
  const startedAt = new Date().toISOString();
  const fileSystem = describeFileSystem(args.data);
  requireSpace(args, fileSystem);
  const refused = args.workloads.filter(({ durable }) => durable && fileSystem.inMemory);
  const workloads = args.workloads.filter((workload) => !refused.includes(workload));
  if (workloads.length === 0) {
    throw new UsageError(`${args.data} is in memory (${fileSystem.type}), where nothing is durable: name a --data DIR`);
  }
  const platform = describePlatform(args.data);
  const campaign = await runCampaign({ ...args, workloads }, args.data, progress, signal);
  const seconds = (performance.now() - started) / 1000;
  const facts = {
    quick: args.quick,
    startedAt,
    seconds,
    platform,
    versions: engineVersions(args.engines),
    refused: refused.map(({ name }) => name),
  };
  return makeReport(facts, campaign);
}

/** Sets of four engines at a time, or what `write-amplification` and `memory` write before compaction catches up. */
function requireSpace({ quick, data }: StorageArguments, { freeBytes }: FileSystemFacts): void {
  const needed = (quick ? 1 : 16) * GIB;
  if (freeBytes >= needed) return;
  throw new UsageError(
    `${data} has ${formatMiB(freeBytes)} free and ${formatMiB(needed)} are needed: name a --data DIR`,
  );
}
