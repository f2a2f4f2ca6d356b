/**
 * The checksums that tie a manifest together: every row carries one, and the state row carries one over the set of
 * runs and value files. So a changed cell, a lost row and a row of another time all show, which a database by itself
 * does not promise.
 */

import { ByteWriter } from '../byte-writer.ts';
import { checksumOfParts, crc32 } from '../checksum.ts';
import type { ManifestPosition, RunDescription, RunPage, ValueFileDescription } from '../ports/manifest.ts';

/** Of all that is said of a run, what its entries point to included. */
export function checksumOfDescription(run: RunDescription): number {
  const writer = new ByteWriter();
  writer.u64(run.number);
  writer.u64(run.bytes);
  writer.u32(run.footerChecksum);
  writer.u64(run.entries);
  writer.u64(run.tombstones);
  writer.u64(run.ranges);
  writer.u64(run.firstSequence);
  writer.u64(run.lastSequence);
  writer.u64(run.earliestDeadline);
  writeKey(writer, run.smallestKey);
  writer.u8(run.largestKey === undefined ? 0 : 1);
  writeKey(writer, run.largestKey ?? new Uint8Array(0));
  for (const { file, values, bytes } of run.references) {
    writer.u64(file);
    writer.u64(values);
    writer.u64(bytes);
  }
  return crc32(writer.view());
}

/** `pageKeys`: the checksum of the first keys of its pages. */
export function checksumOfRun(run: RunDescription, pages: number, pageKeys: number): number {
  const writer = new ByteWriter();
  writer.u32(checksumOfDescription(run));
  writer.u32(pages);
  writer.u32(pageKeys);
  return crc32(writer.view());
}

export function checksumOfValueFile({ number, bytes, values, footerChecksum }: ValueFileDescription): number {
  const writer = new ByteWriter();
  writer.u64(number);
  writer.u64(bytes);
  writer.u64(values);
  writer.u32(footerChecksum);
  return crc32(writer.view());
}

/** The checksums of all live runs, then of all value files, each by ascending number. */
export function checksumOfState(
  position: ManifestPosition,
  runs: readonly number[],
  valueFiles: readonly number[],
): number {
  const writer = new ByteWriter();
  writer.u64(position.flushedSequence);
  writer.u64(position.oldestSegment);
  writer.u64(position.nextFileNumber);
  writer.u32(runs.length);
  for (const checksum of runs) writer.u32(checksum);
  for (const checksum of valueFiles) writer.u32(checksum);
  return crc32(writer.view());
}

/** A page of a run counts only as that page of that run. */
export function checksumOfPage(run: number, page: number, { firstKey, index, filter }: RunPage): number {
  const lengths = new ByteWriter();
  for (const part of [firstKey, index, filter]) lengths.u32(part.length);
  return checksumOfParts(run, page, [lengths.view(), firstKey, index, filter]);
}

/** Of the first keys of all pages of a run, which are read without the pages. */
export function checksumOfPageKeys(firstKeys: readonly Uint8Array[]): number {
  const writer = new ByteWriter();
  for (const key of firstKeys) writeKey(writer, key);
  return crc32(writer.view());
}

function writeKey(writer: ByteWriter, key: Uint8Array): void {
  writer.u32(key.length);
  writer.bytes(key);
}
