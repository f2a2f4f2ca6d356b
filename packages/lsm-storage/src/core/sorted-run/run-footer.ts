/** The numbers in the footer of a sorted run, by their names. Drawn in docs/formats/sorted-run.md. */

import type { BlockFile, BlockFileName } from '../block-file/block-file.ts';
import { runFileName } from '../file-names.ts';

/** The block file of a run. */
export function runFile(number: number): BlockFileName {
  return { path: runFileName(number), kind: 'kv-run', number, footerNumbers: 6 };
}

export interface RunFooter {
  /** Where the blocks of entries end and those of ranges begin. */
  readonly entriesEnd: number;
  readonly entries: number;
  readonly tombstones: number;
  readonly ranges: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

export function numbersOfFooter(footer: RunFooter): number[] {
  const { entriesEnd, entries, tombstones, ranges, firstSequence, lastSequence } = footer;
  return [entriesEnd, entries, tombstones, ranges, firstSequence, lastSequence];
}

export function runFooterOf(file: BlockFile): RunFooter {
  const [entriesEnd = 0, entries = 0, tombstones = 0, ranges = 0, firstSequence = 0, lastSequence = 0] = file.footer;
  return { entriesEnd, entries, tombstones, ranges, firstSequence, lastSequence };
}
