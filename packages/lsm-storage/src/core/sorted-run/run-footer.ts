/**
 * The end of a sorted run: with the file header and the headers of the blocks it describes the run without the
 * manifest. Drawn in docs/formats/sorted-run.md.
 */

import { readU32 } from '../byte-reader.ts';
import { ByteWriter } from '../byte-writer.ts';
import { checksumAt } from '../checksum.ts';
import { CorruptionError } from '../errors.ts';
import { FORMAT_VERSION } from '../file-header.ts';

export const RUN_FOOTER_BYTES = 64;

const CHECKED_BYTES = 60;

export interface RunFooter {
  readonly run: number;
  readonly position: number;
  readonly entries: number;
  readonly tombstones: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly blocks: number;
}

export function encodeRunFooter(footer: RunFooter): Uint8Array {
  const writer = new ByteWriter(RUN_FOOTER_BYTES);
  writer.u64(footer.run);
  writer.u64(footer.position);
  writer.u64(footer.entries);
  writer.u64(footer.tombstones);
  writer.u64(footer.firstSequence);
  writer.u64(footer.lastSequence);
  writer.u32(footer.blocks);
  for (const character of 'kv-run') writer.u8(character.charCodeAt(0));
  writer.u8(FORMAT_VERSION & 0xff);
  writer.u8(FORMAT_VERSION >>> 8);
  writer.u32(checksumAt(footer.run, footer.position, writer.view()));
  return writer.take();
}

/** The checksum that the footer carries. */
export function footerChecksum(bytes: Uint8Array): number {
  return readU32(bytes, CHECKED_BYTES);
}

/** Throws a `CorruptionError` unless this is the intact footer with the checksum that the manifest recorded. */
export function checkRunFooter(bytes: Uint8Array, run: number, position: number, recorded: number, file: string): void {
  const intact =
    bytes.length === RUN_FOOTER_BYTES &&
    footerChecksum(bytes) === checksumAt(run, position, bytes.subarray(0, CHECKED_BYTES));
  if (!intact) throw new CorruptionError(file, position, 'the footer does not match its checksum');
  if (footerChecksum(bytes) !== recorded) {
    throw new CorruptionError(file, position, 'this is not the run that the manifest recorded');
  }
}
