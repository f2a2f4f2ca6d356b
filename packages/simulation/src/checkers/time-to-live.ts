/**
 * A value lives until its deadline, and never after it: no read finds it that began when every node's clock had reached
 * the deadline, and none calls it expired before any node's clock ever had.
 */
import { sameVersion, type Version } from '@kv/quorum';
import { answered, describe, type History, type ReadRecord, type Violation, type WriteRecord } from '../history.ts';

interface MortalWrite extends WriteRecord {
  readonly version: Version;
  readonly ttlMs: number;
}

export function timeToLive(history: History): Violation[] {
  const mortal = history.writes.filter(isMortal);
  return answered(history.reads).flatMap((read) => {
    const write = mortal.find(({ version }) => sameVersion(version, read.version));
    return write === undefined ? [] : faults(read, write);
  });
}

function isMortal(write: WriteRecord): write is MortalWrite {
  return write.ttlMs !== undefined && write.version !== undefined;
}

function faults(read: ReadRecord, write: MortalWrite): Violation[] {
  const { outcome, clocks } = read;
  if (clocks === undefined) return [];
  const deadline = write.version.ms + write.ttlMs;
  const isTooLate = outcome === 'found' && clocks.lowestMs >= deadline;
  const isTooEarly = outcome === 'absent' && clocks.highestMs < deadline;
  if (!isTooLate && !isTooEarly) return [];
  const what = isTooLate ? 'a read returned an expired value' : 'a read took a living value for expired';
  const message = `${what}: ${describe(read)}, deadline ${deadline}, of ${describe(write)}`;
  return [{ check: 'time-to-live', key: read.key, operations: [write.id, read.id], message }];
}
