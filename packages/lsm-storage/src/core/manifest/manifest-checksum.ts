/**
 * The checksums that tie a manifest together: every row carries one, and the state row carries one over the set of
 * runs. So a changed cell, a lost row and a row of another time all show, which a database by itself does not promise.
 */

import { ByteWriter } from '../byte-writer.ts';
import { checksumAt, crc32 } from '../checksum.ts';
import type { ManifestPosition, RunDescription } from '../ports/manifest.ts';

export function checksumOfRun(run: RunDescription, indexPages: number, filterPages: number): number {
  const writer = new ByteWriter();
  writer.u64(run.number);
  writer.u64(run.bytes);
  writer.u32(run.footerChecksum);
  writer.u64(run.entries);
  writer.u64(run.tombstones);
  writer.u64(run.firstSequence);
  writer.u64(run.lastSequence);
  writer.u32(run.smallestKey.length);
  writer.bytes(run.smallestKey);
  writer.u32(run.largestKey.length);
  writer.bytes(run.largestKey);
  writer.u32(indexPages);
  writer.u32(filterPages);
  return crc32(writer.view());
}

/** `runChecksums`: of all live runs, by ascending run number. */
export function checksumOfState(position: ManifestPosition, runChecksums: readonly number[]): number {
  const writer = new ByteWriter();
  writer.u64(position.flushedSequence);
  writer.u64(position.oldestSegment);
  writer.u64(position.nextFileNumber);
  for (const checksum of runChecksums) writer.u32(checksum);
  return crc32(writer.view());
}

/** A page of a run counts only as that page of that run. */
export function checksumOfPage(run: number, page: number, bytes: Uint8Array): number {
  return checksumAt(run, page, bytes);
}
