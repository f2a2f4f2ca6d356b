/** Reads the range tombstones of a run, which lie behind its entries. */

import { openBlock } from '../block-file/block.ts';
import type { BlockFile } from '../block-file/block-file.ts';
import { BlockWalk } from '../block-file/block-walk.ts';
import { compareBytes } from '../bytes.ts';
import { CorruptionError } from '../errors.ts';
import { FILE_HEADER_BYTES } from '../file-header.ts';
import type { Codec } from '../ports/codec.ts';
import type { KeyRange } from '../versioned-entry.ts';
import { decodeRanges } from './ranges-block.ts';
import { runFooterOf } from './run-footer.ts';

/** In key order, not overlapping; anything else is a `CorruptionError`. */
export async function readRanges(file: BlockFile, codec: Codec): Promise<readonly KeyRange[]> {
  const { entriesEnd, ranges: expected } = runFooterOf(file);
  if (entriesEnd < FILE_HEADER_BYTES || entriesEnd > file.end) {
    throw new CorruptionError(file.path, file.end, `entries cannot end at byte ${entriesEnd}`);
  }
  const walk = new BlockWalk(file, { start: entriesEnd });
  const ranges: KeyRange[] = [];
  for (let walked = await walk.next(); walked !== undefined; walked = await walk.next()) {
    const place = { file: file.path, offset: walked.pointer.position };
    if (walked.kind !== 'ranges') throw new CorruptionError(place.file, place.offset, 'this is no block of ranges');
    ranges.push(...decodeRanges(openBlock(walked.block, codec, place), place));
  }
  if (ranges.length !== expected || !areDisjoint(ranges)) {
    const what = `${expected} ranges in order were expected, got ${ranges.length}`;
    throw new CorruptionError(file.path, entriesEnd, what);
  }
  return ranges;
}

function areDisjoint(ranges: readonly KeyRange[]): boolean {
  return ranges.every(({ from, to }, i) => {
    const before = ranges[i - 1];
    const follows = before === undefined || (before.to !== undefined && compareBytes(before.to, from) <= 0);
    return follows && (to === undefined || compareBytes(from, to) < 0);
  });
}
