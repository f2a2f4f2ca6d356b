/**
 * Strict reads never go backwards, whoever reads: when 2R > N a read answers only once N − R + 1 owners hold what it
 * returns, so every later read of as many replicas meets one of them (the write-back of Attiya, Bar-Noy and Dolev
 * 1995). A read whose receipt says that too few owners hold its answer promises nothing to later ones, and one that
 * counted fallbacks is promised nothing.
 */
import { compareVersions } from '@kv/quorum';
import { answered, describe, type History, isAfter, type ReadRecord, type Violation } from '../history.ts';
import { byKey } from './by-key.ts';

export function monotoneReads(history: History): Violation[] {
  const strict = answered(history.reads).filter((read) => read.strict && 2 * read.r > history.replicas);
  return [...byKey(strict).values()].flatMap((reads) => reads.flatMap((read) => goneBackFrom(read, reads)));
}

function goneBackFrom(earlier: ReadRecord, reads: readonly ReadRecord[]): Violation[] {
  const { version, supposed, lasting } = earlier;
  if (version === undefined || supposed === true || !lasting) return [];
  return reads
    .filter((later) => later.r >= earlier.r && isAfter(later, earlier))
    .filter((later) => later.version === undefined || compareVersions(later.version, version) < 0)
    .map((later) => ({
      check: 'monotone-reads',
      key: later.key,
      operations: [earlier.id, later.id],
      message: `reads went back: ${describe(later)} after ${describe(earlier)}`,
    }));
}
