/**
 * Replicas agree in the end: once the faults are over and every key was read at R = N, all replicas of a key hold the
 * same version and the same bytes, and that version is the one which was read. One whose disk was damaged may hold another
 * version, but never other bytes under the same one.
 */
import { sameVersion } from '@kv/quorum';
import { answered, type History, type ReadRecord, shortVersion, type StoredCopy, type Violation } from '../history.ts';
import { byKey } from './by-key.ts';

export function convergence(history: History, copies: readonly StoredCopy[]): Violation[] {
  const finals = new Map(answered(history.reads).flatMap((read) => (read.final ? [[read.key, read]] : [])));
  return [...byKey(copies)].flatMap(([key, held]) => {
    const read = finals.get(key);
    const [first] = held.filter(({ damaged }) => damaged !== true);
    if (first === undefined) return [];
    const agree = held.every((copy) => {
      return sameVersion(copy.version, first.version) ? copy.bytes === first.bytes : copy.damaged === true;
    });
    const isNothing = first.version === undefined && read !== undefined && mayBeForgotten(read, history);
    const asRead = read === undefined || isNothing || sameVersion(read.version, first.version);
    if (agree && asRead) return [];
    return [{ check: 'convergence', key, operations: read === undefined ? [] : [read.id], message: differing(held) }];
  });
}

/** A value with a time to live may have been found a moment before it was over, and forgotten then. */
function mayBeForgotten({ outcome, value }: ReadRecord, { forgetsAfterMs, writes }: History): boolean {
  if (forgetsAfterMs === undefined) return false;
  return outcome === 'absent' || writes.some((write) => write.ttlMs !== undefined && write.value === value);
}

function differing(copies: readonly StoredCopy[]): string {
  const held = copies.map(({ replica, version, bytes }) => {
    return `${replica} holds ${version === undefined ? 'nothing' : `${shortVersion(version)} (${bytes})`}`;
  });
  return `after the last reads ${held.join(', ')}`;
}
