/**
 * Opening a store: manifest, runs, log, and only then, when all of it was found sound, the removal of files that
 * nothing names.
 */

import { CommitLog } from '../commit-log/commit-log.ts';
import { CorruptionError } from '../errors.ts';
import { MANIFEST_FILE, runFileName, runNumbers, segmentNumbers } from '../file-names.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Codec } from '../ports/codec.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { Manifest, ManifestPosition, ManifestState } from '../ports/manifest.ts';
import { SortedRun } from '../sorted-run/sorted-run.ts';
import type { RecoveryReport } from '../stats.ts';
import { StoreView } from '../store-view.ts';
import { replayLog } from './replay-log.ts';

export interface RecoveredStore {
  readonly view: StoreView;
  readonly log: CommitLog;
  readonly position: ManifestPosition;
  /** Sequence of the newest entry, flushed or replayed. */
  readonly lastSequence: number;
  readonly report: RecoveryReport;
}

export interface RecoveryPorts {
  readonly fileSystem: FileSystem;
  readonly manifest: Manifest;
  readonly codec: Codec;
}

export async function recover(ports: RecoveryPorts, options: ResolvedOptions): Promise<RecoveredStore> {
  const { fileSystem } = ports;
  const state = await ports.manifest.load();
  const names = await fileSystem.list('');
  refuseLostManifest(state, names);
  const runs = await openRuns(ports, state);
  try {
    const view = new StoreView(runs);
    const { recovered, report } = await replayLog(fileSystem, names, state, options.recovery, view.active);
    const orphansRemoved = await removeOrphans(fileSystem, names, state);
    return {
      view,
      log: new CommitLog(fileSystem, options.segmentBytes, recovered),
      position: state,
      lastSequence: recovered.lastSequence,
      report: { ...report, orphansRemoved },
    };
  } catch (error) {
    await closeAll(runs);
    throw error;
  }
}

/** A new store has runs only beside the log they were flushed from: else its manifest is not new, but lost. */
function refuseLostManifest(state: ManifestState, names: readonly string[]): void {
  if (state.flushedSequence > 0 || segmentNumbers(names).length > 0 || runNumbers(names).length === 0) return;
  throw new CorruptionError(MANIFEST_FILE, 0, 'it names no sorted run, but there are some, and no commit log');
}

async function openRuns(ports: RecoveryPorts, state: ManifestState): Promise<SortedRun[]> {
  const runs: SortedRun[] = [];
  try {
    for (const description of state.runs) {
      const pages = await ports.manifest.loadPages(description.number);
      runs.push(await SortedRun.open(ports.fileSystem, description, pages, ports.codec));
    }
    return runs;
  } catch (error) {
    await closeAll(runs);
    throw error;
  }
}

async function closeAll(runs: readonly SortedRun[]): Promise<void> {
  for (const run of runs) await run.close();
}

async function removeOrphans(fileSystem: FileSystem, names: readonly string[], state: ManifestState): Promise<number> {
  const live = new Set(state.runs.map((run) => run.number));
  const orphans = runNumbers(names).filter((number) => !live.has(number));
  for (const number of orphans) await fileSystem.remove(runFileName(number));
  // An orphan's number is given out again: its removal must not be undone under the new file.
  if (orphans.length > 0) await fileSystem.syncDirectory('');
  return orphans.length;
}
