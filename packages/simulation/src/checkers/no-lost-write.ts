/**
 * An acknowledged write is never lost: once the faults are over and everything is read at R = N, each key has a version
 * at least as high as every one that was acknowledged for it.
 */
import { compareVersions } from '@kv/quorum';
import {
  answered,
  describe,
  type History,
  isAcknowledged,
  type ReadRecord,
  shortVersion,
  type Violation,
  type WriteRecord,
} from '../history.ts';

export function noLostWrite(history: History): Violation[] {
  const finals = answered(history.reads).filter(({ final }) => final);
  return finals.flatMap((read) =>
    history.writes
      .filter((write) => write.key === read.key && isAcknowledged(write) && isLost(write, read))
      .map((write) => lost(write, read)),
  );
}

function isLost({ version }: WriteRecord, read: ReadRecord): boolean {
  if (version === undefined) return false;
  return read.version === undefined || compareVersions(read.version, version) < 0;
}

function lost(write: WriteRecord, read: ReadRecord): Violation {
  const left = read.version === undefined ? 'nothing is there' : `${shortVersion(read.version)} is there`;
  return {
    check: 'no-lost-write',
    key: write.key,
    operations: [write.id, read.id],
    message: `an acknowledged write is gone: ${left} after ${describe(write)}`,
  };
}
