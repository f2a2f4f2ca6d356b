/**
 * Owners forget deletions in the end, and answer then that they hold nothing. To whoever reads, the one is as good as the other:
 * so a read that found nothing at all is supposed to have found the newest deletion of its key that may have been made by then, and
 * is old enough by the foremost of all clocks to have been forgotten.
 * A value that came back to life has a version of its own, which is lower.
 */
import { compareVersions, maxStampCounter, type Version } from '@kv/quorum';
import { answered, type History, type ReadRecord, type WriteRecord } from '../history.ts';

/** The history as if no deletion had been forgotten. */
export function rememberingDeletions(history: History, forgetsAfterMs: number): History {
  return { ...history, reads: history.reads.map((read) => remembering(read, history, forgetsAfterMs)) };
}

function remembering(read: ReadRecord, { writes, reads }: History, forgetsAfterMs: number): ReadRecord {
  if (read.outcome !== 'absent' || read.version !== undefined) return read;
  const oldestKept = (read.clocks?.highestMs ?? 0) - forgetsAfterMs;
  const deletions = writes
    .filter(({ key }) => key === read.key)
    .map((write) => ({
      ...write,
      version: write.version ?? versionSeenOf(write, reads) ?? unseenVersion(write, read, oldestKept),
    }))
    .filter((write) => mayBeDeletion(write, read));
  const seen = answered(reads).filter(({ key, outcome, endedAt }) => {
    return key === read.key && outcome === 'absent' && endedAt <= read.endedAt;
  });
  const forgotten = [...deletions, ...seen].filter(({ version }) => (version?.ms ?? 0) <= oldestKept);
  const version = newest(forgotten.map((record) => record.version));
  return version === undefined ? read : { ...read, version, supposed: true };
}

/** Of a write that did not tell: as whoever found its value was told. */
function versionSeenOf({ value }: WriteRecord, reads: readonly ReadRecord[]): Version | undefined {
  return value === undefined ? undefined : reads.find((read) => read.value === value)?.version;
}

/**
 * Of a write that was stamped by a node that did not tell, and forgotten before anybody met it: the highest that it may have. A
 * value with a time to live is forgotten like a deletion, once that time is over.
 */
function unseenVersion(
  { kind, outcome, ttlMs = 0 }: WriteRecord,
  { clocks }: ReadRecord,
  oldestKept: number,
): Version | undefined {
  const isMortal = kind === 'delete' || ttlMs > 0;
  if (!isMortal || outcome !== 'unknown') return undefined;
  const latestMs = Math.min(oldestKept, (clocks?.highestMs ?? 0) - ttlMs);
  return { ms: Math.max(0, latestMs), counter: maxStampCounter, actor: 'f'.repeat(32) };
}

function mayBeDeletion({ kind, ttlMs, version, startedAt, outcome }: WriteRecord, read: ReadRecord): boolean {
  if (version === undefined || outcome === 'rejected' || startedAt > read.endedAt) return false;
  return kind === 'delete' || (ttlMs !== undefined && version.ms + ttlMs <= (read.clocks?.highestMs ?? 0));
}

function newest(versions: readonly (Version | undefined)[]): Version | undefined {
  return versions.reduce<Version | undefined>(
    (highest, version) =>
      version !== undefined && (highest === undefined || compareVersions(version, highest) > 0) ? version : highest,
    undefined,
  );
}
