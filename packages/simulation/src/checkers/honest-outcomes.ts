/**
 * What a client is told is true: the value of a write that was rejected is never read, and a read returns, under the
 * version of a write, what that write wrote: never a value that nobody wrote, another key's, or one not yet written.
 */
import { formatVersion, sameVersion } from '@kv/quorum';
import { answered, describe, type History, type ReadRecord, type Violation, type WriteRecord } from '../history.ts';

export function honestOutcomes(history: History): Violation[] {
  const byValue = new Map(history.writes.flatMap((write) => (write.value === undefined ? [] : [[write.value, write]])));
  const byVersion = new Map(
    history.writes.flatMap((write) => (write.version === undefined ? [] : [[formatVersion(write.version), write]])),
  );
  return answered(history.reads).flatMap((read) =>
    read.outcome === 'found' ? foundFaults(read, byValue) : tombstoneFaults(read, byVersion),
  );
}

function foundFaults(read: ReadRecord, byValue: ReadonlyMap<string, WriteRecord>): Violation[] {
  const write = byValue.get(read.value ?? '');
  if (write === undefined) return [violation(read, undefined, 'a read returned a value that nobody wrote')];
  if (write.key !== read.key) return [violation(read, write, "a read returned another key's value")];
  if (write.startedAt > read.endedAt) return [violation(read, write, 'a read returned a value before it was written')];
  if (write.outcome === 'rejected') return [violation(read, write, 'a read returned the value of a rejected write')];
  if (write.version !== undefined && !sameVersion(write.version, read.version)) {
    return [violation(read, write, 'a read returned a value under the version of another write')];
  }
  return [];
}

/**
 * The tombstone that a read met is that of a delete that was not rejected, as far as the deletes' versions are known.
 */
function tombstoneFaults(read: ReadRecord, byVersion: ReadonlyMap<string, WriteRecord>): Violation[] {
  if (read.version === undefined) return [];
  const write = byVersion.get(formatVersion(read.version));
  if (write === undefined) return [];
  if (write.kind !== 'delete') return [violation(read, write, 'a read found a put value deleted')];
  if (write.key !== read.key) return [violation(read, write, "a read met another key's delete")];
  if (write.outcome === 'rejected') return [violation(read, write, 'a read met a rejected delete')];
  return [];
}

function violation(read: ReadRecord, write: WriteRecord | undefined, what: string): Violation {
  const operations = write === undefined ? [read.id] : [write.id, read.id];
  const origin = write === undefined ? '' : ` of ${describe(write)}`;
  return { check: 'honest-outcomes', key: read.key, operations, message: `${what}: ${describe(read)}${origin}` };
}
