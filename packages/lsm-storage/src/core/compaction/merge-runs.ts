/**
 * Carries a compaction out: the newest entry of each key goes into a new run. Values in blocks of their own are
 * copied as they are, neither decompressed nor looked into; replaced ones are not even read.
 */

import { StorageError } from '../errors.ts';
import { MergeCursor } from '../merge-cursor.ts';
import type { MergedEntry } from '../merge-cursor.ts';
import type { Codec } from '../ports/codec.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { AddedRun } from '../ports/manifest.ts';
import { ReadAhead } from '../read-ahead.ts';
import { RunCursor } from '../sorted-run/run-cursor.ts';
import { writeRun } from '../sorted-run/run-writer.ts';
import type { RunPlan, SortedRunWriter } from '../sorted-run/run-writer.ts';
import type { SortedRun } from '../sorted-run/sorted-run.ts';

export interface MergePlan extends RunPlan {
  readonly dropTombstones: boolean;
}

/** `inputs`: newest first. `undefined` if nothing is left of them. Throws `CLOSED` once `cancelled` says so. */
export async function mergeRuns(
  fileSystem: FileSystem,
  codec: Codec,
  inputs: readonly SortedRun[],
  plan: MergePlan,
  cancelled: () => boolean,
): Promise<AddedRun | undefined> {
  const start = { key: undefined, inclusive: true, reverse: false };
  const cursor = new MergeCursor(
    inputs.map((run) => new RunCursor(run, start)),
    false,
  );
  const readers = new Map(inputs.map((run) => [run, new ReadAhead(run.file, run.description.bytes)]));
  return writeRun(fileSystem, codec, plan, async (writer) => {
    for (;;) {
      await supply(cursor);
      if (cancelled()) throw new StorageError('CLOSED', 'the compaction was given up because the engine closes');
      const merged = cursor.next();
      if (merged === undefined) return;
      if (merged.entry.value !== undefined || !plan.dropTombstones) await addEntry(writer, merged, readers);
    }
  });
}

async function supply(cursor: MergeCursor): Promise<void> {
  for (let wanting = cursor.wanting(); wanting !== undefined; wanting = cursor.wanting()) {
    wanting.supply(await wanting.run.readEntries(wanting.wants as number));
  }
}

async function addEntry(
  writer: SortedRunWriter,
  { entry, run }: MergedEntry,
  readers: ReadonlyMap<SortedRun, ReadAhead>,
): Promise<void> {
  const { key, meta, value } = entry;
  const reader = run === undefined ? undefined : readers.get(run);
  if (value === undefined || value instanceof Uint8Array) writer.add(key, meta, value);
  else if (run !== undefined && reader !== undefined) {
    writer.addMoved(key, meta, await run.readValueBlock(value, reader));
  }
  await writer.drain();
}
