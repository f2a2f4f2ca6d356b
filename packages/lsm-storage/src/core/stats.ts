/** What the engine tells about itself: a snapshot of its size and state, and what it found when it was opened. */

export interface StorageStats {
  readonly state: 'open' | 'poisoned' | 'closed';
  /** Entries decided but not yet durable. */
  readonly pendingEntries: number;
  /** Entries and bytes in memtables, the one being flushed included. */
  readonly memtableEntries: number;
  readonly memtableBytes: number;
  readonly runs: number;
  /** Entries in runs, tombstones and replaced versions included. */
  readonly runEntries: number;
  readonly runBytes: number;
  readonly segments: number;
  readonly segmentBytes: number;
  /** Sequence of the newest durable entry, and of the newest one that is in a run. */
  readonly durableSequence: number;
  readonly flushedSequence: number;
  /** Since opening. */
  readonly groups: number;
  readonly flushes: number;
  readonly compactions: number;
  /** Why the last compaction failed, until one succeeds; it is tried again after the next flush. */
  readonly compactionFailure: Error | undefined;
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
  /** Files that keep what a point-in-time recovery set aside. */
  readonly lostFiles: readonly string[];
  /** Files of unfinished flushes and compactions that were removed. */
  readonly orphansRemoved: number;
}
