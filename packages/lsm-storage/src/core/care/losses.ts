/**
 * Finds out which keys damage to one file has made unreadable: what a replica has to ask its peers for, and what
 * `cutOut` takes out of the store.
 */

import { StorageError, unreadable } from '../errors.ts';
import { runNumbers, runFileName, valueFileNumbers } from '../file-names.ts';
import type { RunLoss } from '../jobs/job.ts';
import { keyAfter, mergeRanges } from '../key-ranges.ts';
import type { Pace } from '../maintenance/pacer.ts';
import { readsWell } from '../reads-well.ts';
import type { SortedRun } from '../sorted-run/sorted-run.ts';
import type { StoreVersion } from '../store/store-version.ts';
import type { ValueFile } from '../value-file/value-file.ts';
import type { KeyRange, ValuePointer } from '../versioned-entry.ts';
import { paceOf } from './verify.ts';
import type { PacingDependencies, VerifyOptions } from './verify.ts';

/** What damage to a file comes to: plain data, as of when it was looked for. */
export interface Loss {
  /** The file that was looked at, as `CorruptionError.file` names it. */
  readonly file: string;
  /**
   * The keys that may have something in what cannot be read: in key order, not overlapping. There may be
   * nothing of some of them, and of others something newer that can be read. Empty: no key is lost, though there may be
   * something to cut out.
   */
  readonly ranges: readonly KeyRange[];
  /** What is to be cut out, run by run. Empty: nothing is damaged. */
  readonly runs: readonly RunLoss[];
}

export interface LossDependencies extends PacingDependencies {
  readonly version: StoreVersion;
}

/** Reads the file, and of a value file the runs that point into it. */
export async function lossOf(use: LossDependencies, file: string, options: VerifyOptions): Promise<Loss> {
  const search = searchFor(file);
  const pace = paceOf(use, options);
  const { version } = use;
  version.retain();
  try {
    const runs = await search(version, pace);
    return { file, ranges: mergeRanges(runs.map(({ ranges }) => ranges)), runs };
  } finally {
    version.release();
  }
}

type Search = (version: StoreVersion, pace: Pace) => Promise<RunLoss[]>;

function searchFor(file: string): Search {
  const [run] = runNumbers([file]);
  if (run !== undefined) {
    return async ({ runs }, pace) => {
      const loss = await runs.find(({ description }) => description.number === run)?.loss(pace);
      return loss === undefined ? [] : [loss];
    };
  }
  const [number] = valueFileNumbers([file]);
  if (number !== undefined) {
    return async ({ runs, valueFiles }, pace) => {
      const values = valueFiles.get(number);
      return values === undefined || !(await values.isDamaged(pace)) ? [] : lossOfValues(values, runs, pace);
    };
  }
  const what = 'only runs and value files can be cut out of a store; log and manifest need a repair or a restore';
  throw new StorageError('INVALID_ARGUMENT', `${file} is no run and no value file: ${what}`);
}

/** Also of runs that lost nothing: as long as one points into the file, the file stays. */
async function lossOfValues(values: ValueFile, runs: readonly SortedRun[], pace: Pace): Promise<RunLoss[]> {
  const { number } = values.description;
  const losses: RunLoss[] = [];
  for (const run of runs) {
    if (!run.description.references.some(({ file }) => file === number)) continue;
    const ranges = await lostIn(run, values, pace);
    losses.push({ run: run.description.number, ranges, gaps: [], valueFiles: [number] });
  }
  return losses;
}

/** The keys of a run whose values cannot be read. */
async function lostIn(run: SortedRun, values: ValueFile, pace: Pace): Promise<KeyRange[]> {
  const lost: KeyRange[] = [];
  const scanner = run.scanner(pace);
  try {
    for (let scanned = await scanner.nextBlock(); scanned !== undefined; scanned = await scanner.nextBlock()) {
      for (let i = 0; i < scanned.entries.count; i++) {
        const { key, value } = scanned.entries.entryAt(i);
        if (value === undefined || value instanceof Uint8Array || value.file !== values.description.number) continue;
        if (!(await isReadable(values, value, pace))) lost.push({ from: key, to: keyAfter(key) });
      }
    }
  } catch (error) {
    throw unreadable(error, runFileName(run.description.number));
  }
  return mergeRanges([lost]);
}

async function isReadable(values: ValueFile, pointer: ValuePointer, pace: Pace): Promise<boolean> {
  return readsWell(async () => pace((await values.readStored(pointer)).length));
}
