/**
 * Opening a store: manifest, runs, value files, log, and only then, when all of it was found sound, the removal of files
 * that nothing names.
 */

import { CommitLog } from '../commit-log/commit-log.ts';
import { CorruptionError } from '../errors.ts';
import {
  MANIFEST_FILE,
  runFileName,
  runNumbers,
  segmentFileName,
  segmentNumbers,
  valueFileName,
  valueFileNumbers,
} from '../file-names.ts';
import { Memtable } from '../memtable/memtable.ts';
import type { ResolvedOptions } from '../options.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { ManifestState } from '../ports/manifest.ts';
import { SortedRun } from '../sorted-run/sorted-run.ts';
import type { RecoveryReport } from '../stats.ts';
import { Store } from '../store/store.ts';
import type { StoreDependencies } from '../store/store.ts';
import { ValueFile } from '../value-file/value-file.ts';
import { replayLog } from './replay-log.ts';

export interface RecoveredStore {
  readonly store: Store;
  readonly log: CommitLog;
  /** Sequence of the newest entry, flushed or replayed. */
  readonly lastSequence: number;
  readonly report: RecoveryReport;
}

export async function recover(use: StoreDependencies, options: ResolvedOptions): Promise<RecoveredStore> {
  const { fileSystem } = use;
  const state = await use.manifest.load();
  const names = await fileSystem.list('');
  refuseLostManifest(state, names);
  const files = await openFiles(use, state);
  try {
    const memtable = new Memtable(use.slabs, state.flushedSequence + 1);
    const orphans = orphansAmong(names, state);
    const replayed = await replayLog(fileSystem, { names, orphans }, state, options, memtable);
    memtable.segments.push(...replayed.recovered.segments.map(({ number }) => number));
    // A log that does not go with the manifest leaves open which of the two is right: then orphans are set aside.
    const stays = options.readOnly || replayed.report.stoppedAt !== undefined;
    const orphansRemoved = stays ? 0 : await removeOrphans(fileSystem, orphans);
    return {
      store: new Store(use, { memtables: [memtable], codec: use.codec, ...files }, state),
      log: new CommitLog(fileSystem, options.durability === 'group', options.memtableBytes, replayed.recovered),
      lastSequence: replayed.lastSequence,
      report: { ...replayed.report, orphansRemoved },
    };
  } catch (error) {
    await closeAll(files);
    throw error;
  }
}

/**
 * A new store has runs and value files only beside the log they were flushed from, whose first segment goes after the
 * edit that names them: else its manifest is not new, but lost or taken back, and the files are all there is.
 */
function refuseLostManifest(state: ManifestState, names: readonly string[]): void {
  if (state.flushedSequence > 0 || state.runs.length > 0 || orphansAmong(names, state).length === 0) return;
  const [first] = segmentNumbers(names);
  if (first !== undefined && first <= state.oldestSegment) return;
  const log = first === undefined ? 'and no commit log' : `and the commit log begins with ${segmentFileName(first)}`;
  throw new CorruptionError(MANIFEST_FILE, 0, `it names no sorted run, but there are files of some, ${log}`);
}

interface OpenFiles {
  readonly runs: SortedRun[];
  readonly valueFiles: Map<number, ValueFile>;
}

async function openFiles(
  { fileSystem, manifest, codec, cache }: StoreDependencies,
  state: ManifestState,
): Promise<OpenFiles> {
  const files: OpenFiles = { runs: [], valueFiles: new Map() };
  try {
    for (const description of state.runs) {
      files.runs.push(await SortedRun.open(fileSystem, description, manifest, codec, cache));
    }
    for (const description of state.valueFiles) {
      files.valueFiles.set(description.number, await ValueFile.open(fileSystem, description, codec, cache));
    }
    return files;
  } catch (error) {
    await closeAll(files);
    throw error;
  }
}

async function closeAll({ runs, valueFiles }: OpenFiles): Promise<void> {
  for (const run of runs) await run.close();
  for (const file of valueFiles.values()) await file.close();
}

/** The runs and value files that the manifest does not name. */
function orphansAmong(names: readonly string[], state: ManifestState): string[] {
  const runs = new Set(state.runs.map((run) => run.number));
  const valueFiles = new Set(state.valueFiles.map((file) => file.number));
  return [
    ...runNumbers(names)
      .filter((number) => !runs.has(number))
      .map(runFileName),
    ...valueFileNumbers(names)
      .filter((number) => !valueFiles.has(number))
      .map(valueFileName),
  ];
}

async function removeOrphans(fileSystem: FileSystem, orphans: readonly string[]): Promise<number> {
  for (const orphan of orphans) await fileSystem.remove(orphan);
  // An orphan's number is given out again: its removal must not be undone under the new file.
  if (orphans.length > 0) await fileSystem.syncDirectory('');
  return orphans.length;
}
