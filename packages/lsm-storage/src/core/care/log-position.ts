/** From where a commit log still counts, as far as the log itself tells. */

import { readSegment } from '../commit-log/segment-reader.ts';
import { segmentFileName } from '../file-names.ts';
import type { FileSystem } from '../ports/file-system.ts';

export interface LogPosition {
  /** `undefined`: there is no log. */
  readonly oldestSegment: number | undefined;
  /** Everything up to this sequence was in runs when the log before it went. */
  readonly flushedSequence: number;
}

/**
 * `segments`: the numbers of all that are there, ascending; `flushedSequence`: up to which the runs reach. Of segments
 * that were no longer needed some may be left, with gaps behind them that hide nothing; any other gap is for the replay to
 * find. What the oldest segment begins behind was flushed, also where no run has it: all of it may have been deleted.
 */
export async function findLogPosition(
  fileSystem: FileSystem,
  segments: readonly number[],
  flushedSequence: number,
): Promise<LogPosition> {
  let [oldestSegment] = segments;
  let first: number | undefined;
  let last = 0;
  for (const [i, segment] of segments.entries()) {
    const follows = i === 0 || segment === (segments[i - 1] as number) + 1;
    const sequences = await sequencesOf(fileSystem, segment);
    if (!follows && last <= flushedSequence && (sequences?.first ?? 0) <= flushedSequence + 1) {
      oldestSegment = segment;
      first = undefined;
    }
    first ??= sequences?.first;
    last = Math.max(last, sequences?.last ?? 0);
  }
  return { oldestSegment, flushedSequence: Math.max(flushedSequence, (first ?? 1) - 1) };
}

/** Of the frames that can be read; of a seal, the sequence that would have come next is the first. */
async function sequencesOf(
  fileSystem: FileSystem,
  segment: number,
): Promise<{ readonly first: number; readonly last: number } | undefined> {
  const file = await fileSystem.open(segmentFileName(segment), 'read');
  try {
    let first: number | undefined;
    let last = 0;
    await readSegment(file, segment, ({ header }) => {
      first ??= header.firstSequence;
      last = header.firstSequence + header.entries - 1;
    });
    return first === undefined ? undefined : { first, last };
  } finally {
    await file.close();
  }
}
