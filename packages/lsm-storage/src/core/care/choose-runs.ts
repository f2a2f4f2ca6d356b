/**
 * Which of the runs that lie about make up a store. The runs of a store never overlap in their sequences, and a compaction
 * puts one run in the place of several. So of runs that overlap some are the inputs of a compaction and one its outcome:
 * the outcome has all that the inputs had, whether or not the manifest ever named it.
 */

import type { RunDescription } from '../ports/manifest.ts';

export interface FoundRun {
  readonly run: RunDescription;
  /** Whether all value files are there that it points into. */
  readonly complete: boolean;
}

export interface ChosenRuns {
  readonly live: readonly FoundRun[];
  /** Others have all that they had. */
  readonly superseded: readonly FoundRun[];
  /** They overlap with live ones in a way that no engine leaves behind. */
  readonly misfits: readonly FoundRun[];
}

export function chooseRuns(found: readonly FoundRun[]): ChosenRuns {
  const live: FoundRun[] = [];
  const superseded: FoundRun[] = [];
  const misfits: FoundRun[] = [];
  for (const candidate of found.toSorted(byPreference)) {
    const met = live.filter((other) => overlap(candidate.run, other.run));
    if (met.some((other) => covers(other.run, candidate.run))) superseded.push(candidate);
    else if (met.length > 0) misfits.push(candidate);
    else if (!candidate.complete && isMadeUp(candidate.run, found)) superseded.push(candidate);
    else live.push(candidate);
  }
  return { live, superseded, misfits };
}

/** Those first that cover most; of equals those that lack nothing, then the newest. */
function byPreference(left: FoundRun, right: FoundRun): number {
  const wider = lengthOf(right.run) - lengthOf(left.run);
  if (wider !== 0) return wider;
  return Number(right.complete) - Number(left.complete) || right.run.number - left.run.number;
}

/** Whether complete runs have everything, piece by piece, that this one would have. */
function isMadeUp({ firstSequence, lastSequence }: RunDescription, found: readonly FoundRun[]): boolean {
  let next = firstSequence;
  while (next <= lastSequence) {
    const pieces = found.filter(({ run, complete }) => {
      return complete && run.firstSequence === next && run.lastSequence <= lastSequence;
    });
    if (pieces.length === 0) return false;
    next = Math.max(...pieces.map(({ run }) => run.lastSequence)) + 1;
  }
  return true;
}

function lengthOf(run: RunDescription): number {
  return run.lastSequence - run.firstSequence;
}

function overlap(left: RunDescription, right: RunDescription): boolean {
  return left.firstSequence <= right.lastSequence && right.firstSequence <= left.lastSequence;
}

function covers(outer: RunDescription, inner: RunDescription): boolean {
  return outer.firstSequence <= inner.firstSequence && inner.lastSequence <= outer.lastSequence;
}
