/**
 * Where R + W > N and both receipts are strict, a read that began after a write was acknowledged gives a version at least as
 * high, in stamp order: the replicas asked and the replicas that had acknowledged share one.
 */
import { compareVersions } from '@kv/quorum';
import {
  answered,
  describe,
  type History,
  isAcknowledged,
  isAfter,
  type ReadRecord,
  type Violation,
  type WriteRecord,
} from '../history.ts';
import { byKey } from './by-key.ts';

export function readAfterWrite(history: History): Violation[] {
  const writes = byKey(
    history.writes.filter((write) => isAcknowledged(write) && write.strict && write.version !== undefined),
  );
  const reads = answered(history.reads).filter(({ strict }) => strict);
  return reads.flatMap((read) =>
    (writes.get(read.key) ?? [])
      .filter((write) => mustMeet(read, write, history.replicas) && isAfter(read, write) && isOlder(read, write))
      .map((write) => ({
        check: 'read-after-write',
        key: read.key,
        operations: [write.id, read.id],
        message: `a read missed a write that was acknowledged before: ${describe(read)} after ${describe(write)}`,
      })),
  );
}

function mustMeet(read: ReadRecord, write: WriteRecord, replicas: number): boolean {
  return read.strict && write.strict && read.r + write.w > replicas;
}

function isOlder(read: ReadRecord, { version }: { version: ReadRecord['version'] }): boolean {
  if (version === undefined) return false;
  return read.version === undefined || compareVersions(read.version, version) < 0;
}
