/**
 * A write wins over everything that its own client had been told of before it began: the clock that stamps it has heard
 * of all that, whichever coordinators told it.
 */
import { compareVersions } from '@kv/quorum';
import { describe, type History, shortVersion, type Violation } from '../history.ts';

export function ownWritesWin(history: History): Violation[] {
  return history.writes.flatMap((write) => {
    const { seen, version, ordered } = write;
    if (!ordered || seen === undefined || version === undefined || compareVersions(version, seen) > 0) return [];
    return [
      {
        check: 'own-writes-win',
        key: write.key,
        operations: [write.id],
        message: `a write is older than ${shortVersion(seen)}, which its client knew before: ${describe(write)}`,
      },
    ];
  });
}
