/** Sorted runs on simulated disks, for tests: described in words, written and opened as the engine does it. */

import type { CrashableFileSystem } from '../contract/index.ts';
import { BlockCache } from '../core/cache/block-cache.ts';
import { hashKey } from '../core/key-hash.ts';
import type { RunPlan } from '../core/jobs/job.ts';
import { noCodec } from '../core/ports/codec.ts';
import type { Codec } from '../core/ports/codec.ts';
import type { AddedRun } from '../core/ports/manifest.ts';
import { writeRun } from '../core/sorted-run/run-writer.ts';
import { SortedRun } from '../core/sorted-run/sorted-run.ts';
import { ValueFile } from '../core/value-file/value-file.ts';
import type { KeyRange, RunEntry } from '../core/versioned-entry.ts';
import { openManifestImage } from '../node/manifest-image.ts';
import type { SqliteManifest } from '../node/sqlite-manifest.ts';
import { bytes, text } from './store.ts';

export const PLAN: RunPlan = {
  run: 1,
  valueFile: 2,
  blockBytes: 128,
  separateBytes: 100,
  firstSequence: 5,
  lastSequence: 50,
};

/** What a run is to hold: values by key, `undefined` for a tombstone; and ranges as `[from, to]`. */
export interface RunContents {
  readonly entries: readonly (readonly [key: string, value: string | undefined])[];
  readonly ranges?: readonly (readonly [from: string, to: string | undefined])[];
}

/** Each key has the meta `m` and a deadline of its length, so that neither is the same everywhere. */
export function entryOf(key: string, value: string | undefined): RunEntry {
  const meta = bytes(`m${key}`);
  return { key: bytes(key), meta, deadline: key.length, value: value === undefined ? undefined : bytes(value) };
}

export function rangeOf(from: string, to: string | undefined): KeyRange {
  return { from: bytes(from), to: to === undefined ? undefined : bytes(to) };
}

export async function writeContents(
  disk: CrashableFileSystem,
  { entries, ranges = [] }: RunContents,
  codec: Codec = noCodec,
  plan: RunPlan = PLAN,
): Promise<AddedRun | undefined> {
  return writeRun(disk, codec, plan, async (writer) => {
    for (const [from, to] of ranges) writer.addRange(rangeOf(from, to));
    for (const [key, value] of entries) {
      writer.add(entryOf(key, value));
      await writer.drain();
    }
  });
}

/** A run that a manifest names, open for reading. */
export interface OpenRun {
  readonly added: AddedRun;
  readonly manifest: SqliteManifest;
  readonly run: SortedRun;
  readonly values: ValueFile | undefined;
}

export async function openRun(
  disk: CrashableFileSystem,
  contents: RunContents,
  codec: Codec = noCodec,
  plan: RunPlan = PLAN,
  cache: BlockCache = new BlockCache(1 << 20),
): Promise<OpenRun> {
  const added = await writeContents(disk, contents, codec, plan);
  if (added === undefined) throw new Error('there is nothing in the run');
  const manifest = await openManifestImage(disk);
  await manifest.load();
  const position = { flushedSequence: plan.lastSequence, oldestSegment: 1, nextFileNumber: plan.valueFile + 1 };
  await manifest.commit({ ...position, addedRuns: [added], removedRuns: [], removedValueFiles: [], forgottenRuns: [] });
  const run = await SortedRun.open(disk, added.run, manifest, codec, cache);
  const described = added.valueFile;
  const values = described === undefined ? undefined : await ValueFile.open(disk, described, codec, cache);
  return { added, manifest, run, values };
}

/** The value of a key as text; `undefined` if there is none, `null` for a tombstone. */
export function lookUp({ run, values }: OpenRun, key: string): string | undefined | null {
  const found = run.find(bytes(key), hashKey(bytes(key)), 'disk');
  return found === undefined ? undefined : valueOf(found, values);
}

/** The value of an entry as text; `null` for a tombstone. */
export function valueOf({ value }: RunEntry, values: ValueFile | undefined): string | null {
  if (value === undefined) return null;
  if (value instanceof Uint8Array) return text(value);
  if (values === undefined) throw new Error('the run has no value file');
  return text(values.read(value, 'disk'));
}
