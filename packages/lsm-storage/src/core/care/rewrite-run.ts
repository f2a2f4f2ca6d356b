/** Writes a run anew without the entries whose values are lost. */

import type { RunPlan } from '../jobs/job.ts';
import type { Codec } from '../ports/codec.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { AddedRun, RunDescription } from '../ports/manifest.ts';
import { RunScanner } from '../sorted-run/run-scanner.ts';
import { writeRun } from '../sorted-run/run-writer.ts';
import type { RunWriter } from '../sorted-run/run-writer.ts';

const BLOCK_BYTES = 8 * 1024;

export interface RewrittenRun {
  /** `undefined`: nothing was left of it. */
  readonly added: AddedRun | undefined;
  readonly entriesDropped: number;
}

/** `number`: of the new run, which stands for the same sequences; `hasValues`: whether a value file is there. */
export async function rewriteRun(
  fileSystem: FileSystem,
  codec: Codec,
  run: RunDescription,
  number: number,
  hasValues: (valueFile: number) => boolean,
): Promise<RewrittenRun> {
  const scanner = await RunScanner.open(fileSystem, codec, run.number, run);
  let entriesDropped = 0;
  try {
    const added = await writeRun(fileSystem, codec, planFor(run, number), async (writer) => {
      entriesDropped = await copyEntries(scanner, writer, hasValues);
      for (const range of scanner.ranges) writer.addRange(range);
    });
    return { added, entriesDropped };
  } finally {
    await scanner.close();
  }
}

/** Returns how many entries were left out. */
async function copyEntries(
  scanner: RunScanner,
  writer: RunWriter,
  hasValues: (valueFile: number) => boolean,
): Promise<number> {
  let dropped = 0;
  for (let scanned = await scanner.nextBlock(); scanned !== undefined; scanned = await scanner.nextBlock()) {
    for (let i = 0; i < scanned.entries.count; i++) {
      const entry = scanned.entries.entryAt(i);
      const { value } = entry;
      const lost = value !== undefined && !(value instanceof Uint8Array) && !hasValues(value.file);
      if (lost) dropped++;
      else writer.add(entry);
    }
    await writer.drain();
  }
  return dropped;
}

/** Values stay where they are: those in the run are small, and the others have their files. */
function planFor({ firstSequence, lastSequence }: RunDescription, run: number): RunPlan {
  const separateBytes = Number.POSITIVE_INFINITY;
  return { run, valueFile: run, blockBytes: BLOCK_BYTES, separateBytes, firstSequence, lastSequence };
}
