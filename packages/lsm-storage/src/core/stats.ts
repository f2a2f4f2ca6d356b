/** What the engine tells about itself: a snapshot of its size and state, and what it found when it was opened. */

import type { BlockCache } from './cache/block-cache.ts';
import type { CommitLog } from './commit-log/commit-log.ts';
import type { GroupCommit } from './commit-log/group-commit.ts';
import { tierShape, tiersOf } from './compaction/tiers.ts';
import type { BackPressure } from './maintenance/back-pressure.ts';
import type { CompactionProgress, Compactor } from './maintenance/compactor.ts';
import type { Flusher } from './maintenance/flusher.ts';
import type { RunDescription } from './ports/manifest.ts';
import type { Store } from './store/store.ts';

export interface StorageStats {
  readonly state: 'open' | 'poisoned' | 'closed';
  /** Entries written but not yet acknowledged. */
  readonly pendingEntries: number;
  /** Entries and bytes in memtables, all versions and those being flushed included. */
  readonly memtables: number;
  readonly memtableEntries: number;
  readonly memtableBytes: number;
  readonly runs: number;
  /** Entries in runs, tombstones and replaced versions included. */
  readonly runEntries: number;
  readonly runBytes: number;
  /** How many runs each tier of sizes holds, the smallest first; see the option `scaling`. */
  readonly runsPerTier: readonly number[];
  readonly valueFiles: number;
  /** Bytes of value files, and those of them to which no run points any more. */
  readonly valueBytes: number;
  readonly garbageBytes: number;
  readonly segments: number;
  readonly segmentBytes: number;
  /** Sequence of the newest acknowledged entry, and of the newest one that is in a run. */
  readonly durableSequence: number;
  readonly flushedSequence: number;
  /**
   * Bytes of runs and value files over those of the largest run and the values that it points to: how many times as much
   * space as needed is taken, if everything else only replaced what that run holds. So it is rather too high; it is 1
   * when all is in one run and nothing in value files is garbage. Without runs, 1.
   */
  readonly spaceAmplification: number;
  readonly cacheBytes: number;
  /** All that follows: since opening. Blocks, values and pages of the index that were in the cache, and that were not. */
  readonly cacheHits: number;
  readonly cacheMisses: number;
  readonly groups: number;
  /**
   * Bytes of keys, metas and values that were acknowledged, and what was written for them: log (and room ahead of it),
   * flushes, compactions. Values that were compressed are given whole and written small.
   */
  readonly givenBytes: number;
  readonly loggedBytes: number;
  readonly flushedBytes: number;
  readonly compactedBytes: number;
  /** Bytes written over bytes given: log, flushes and compactions, without the manifest. 0 before anything was given. */
  readonly writeAmplification: number;
  readonly flushes: number;
  readonly compactions: number;
  /** Groups that were logged a little later, and groups that waited, because flushes or compactions were behind. */
  readonly slowdowns: number;
  readonly stops: number;
  /** Milliseconds by the engine's clock for which groups were so held back, together. */
  readonly stalledMs: number;
  /** How far the compaction has come that is under way. */
  readonly compactionUnderWay: CompactionProgress | undefined;
  /**
   * Why the last compaction failed, until one succeeds; it is tried again after the next flush. A `CorruptionError` where it
   * met damage or a file that cannot be read. Also what the caller's own code threw, without which flushes and compactions
   * go on: `purge.rules`, `onCompaction`.
   */
  readonly compactionFailure: Error | undefined;
}

/** What the numbers are taken from. */
export interface StatsSources {
  readonly scaling: number;
  readonly state: StorageStats['state'];
  readonly store: Store;
  readonly log: CommitLog;
  readonly commits: GroupCommit;
  readonly cache: BlockCache;
  readonly flusher: Flusher;
  readonly compactor: Compactor;
  readonly pressure: BackPressure;
}

export function statsOf(sources: StatsSources): StorageStats {
  const { state, store, log, commits, cache, flusher, compactor, pressure } = sources;
  const writtenBytes = log.bytesWritten + flusher.bytesWritten + compactor.bytesWritten;
  const { memtables } = store.current;
  const { runs, valueFiles } = store;
  const valueBytes = sum(valueFiles.map((file) => file.bytes));
  const referenced = sum(runs.flatMap((run) => run.references.map(({ bytes }) => bytes)));
  return {
    state,
    pendingEntries: commits.pendingEntries,
    memtables: memtables.length,
    memtableEntries: sum(memtables.map((memtable) => memtable.size)),
    memtableBytes: sum(memtables.map((memtable) => memtable.bytes)),
    runs: runs.length,
    runEntries: sum(runs.map((run) => run.entries)),
    runBytes: sum(runs.map((run) => run.bytes)),
    runsPerTier: runsPerTier(runs, sources.scaling),
    valueFiles: valueFiles.length,
    valueBytes,
    garbageBytes: Math.max(0, valueBytes - referenced),
    segments: log.segments,
    segmentBytes: log.bytes,
    durableSequence: commits.acknowledged,
    flushedSequence: store.position.flushedSequence,
    spaceAmplification: spaceAmplification(runs, valueBytes),
    cacheBytes: cache.bytes,
    cacheHits: cache.hits,
    cacheMisses: cache.misses,
    groups: commits.groups,
    givenBytes: commits.bytes,
    loggedBytes: log.bytesWritten,
    flushedBytes: flusher.bytesWritten,
    compactedBytes: compactor.bytesWritten,
    writeAmplification: commits.bytes === 0 ? 0 : writtenBytes / commits.bytes,
    flushes: flusher.flushes,
    compactions: compactor.compactions,
    slowdowns: pressure.slowdowns,
    stops: pressure.stops,
    stalledMs: pressure.stalledMs,
    compactionUnderWay: compactor.underWay,
    compactionFailure: compactor.failure,
  };
}

function runsPerTier(runs: readonly RunDescription[], scaling: number): number[] {
  const counts: number[] = [];
  for (const tier of tiersOf(runs, tierShape(scaling).growth)) {
    while (counts.length <= tier) counts.push(0);
    counts[tier] = (counts[tier] as number) + 1;
  }
  return counts;
}

function spaceAmplification(runs: readonly RunDescription[], valueBytes: number): number {
  if (runs.length === 0) return 1;
  const largest = Math.max(...runs.map((run) => run.bytes + sum(run.references.map(({ bytes }) => bytes))));
  return (sum(runs.map((run) => run.bytes)) + valueBytes) / largest;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Where a point-in-time recovery stopped. */
export interface RecoveryStop {
  readonly file: string;
  readonly offset: number;
  readonly what: string;
}

export interface RecoveryReport {
  /** The log ended as `close` leaves it (or there was none). */
  readonly cleanShutdown: boolean;
  readonly segments: number;
  /** Frames and entries put back into the memtable, and frames that were already in runs. */
  readonly framesReplayed: number;
  readonly entriesReplayed: number;
  readonly framesSkipped: number;
  /** Bytes of a torn tail cut off from the last segment. */
  readonly bytesTruncated: number;
  /** Only after `recovery: 'point-in-time'` met damage: acknowledged writes behind this place are lost here. */
  readonly stoppedAt: RecoveryStop | undefined;
  /** Files that keep what a point-in-time recovery set aside: of the log, and runs that the manifest does not name. */
  readonly lostFiles: readonly string[];
  /** Files of unfinished flushes and compactions that were removed. */
  readonly orphansRemoved: number;
}
