/**
 * The port to the manifest: the one place that says which sorted runs and value files make up the store, and from where
 * the commit log still counts. A flush or a compaction is one edit, and an edit is durable as a whole or did not happen.
 *
 * The block index and the filter of a run are kept here too, in pages that are read one by one as lookups need them, so
 * that a run file holds entries alone and a run of any size costs little memory.
 */

/** A live sorted run. Sequence ranges of live runs never overlap: a run with higher sequences is newer as a whole. */
export interface RunDescription {
  /** The run's file number; never used again after the run is gone. */
  readonly number: number;
  /** Size of the file in bytes. */
  readonly bytes: number;
  /** Checksum of the file's footer: a file of the right size but of another time is not taken for this one. */
  readonly footerChecksum: number;
  /** Entries, tombstones included. */
  readonly entries: number;
  readonly tombstones: number;
  /** Range tombstones, which are no entries. */
  readonly ranges: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Of entries and range tombstones alike. */
  readonly smallestKey: Uint8Array;
  /** `undefined`: a range tombstone without an end. */
  readonly largestKey: Uint8Array | undefined;
  /** The earliest deadline of its entries that is not a tombstone's, in milliseconds since 1970; 0: none has one. */
  readonly earliestDeadline: number;
  /** What its entries point to in value files, by file number, ascending. */
  readonly references: readonly ValueReference[];
}

/** Blocks of a value file that entries of one run point to. */
export interface ValueReference {
  readonly file: number;
  readonly values: number;
  /** Bytes of those blocks, headers included. */
  readonly bytes: number;
}

/** A file of values kept apart from the entries that point to them, so that merging runs does not rewrite them. */
export interface ValueFileDescription {
  readonly number: number;
  /** Size of the file in bytes. */
  readonly bytes: number;
  readonly values: number;
  readonly footerChecksum: number;
}

/** A part of the block index of a run, with the filter over the keys of its blocks; opaque to the manifest. */
export interface RunPage {
  /** Not greater than any key of the page, greater than every key before it; empty for the first page. */
  readonly firstKey: Uint8Array;
  readonly index: Uint8Array;
  readonly filter: Uint8Array;
}

export interface AddedRun {
  readonly run: RunDescription;
  /** In key order. */
  readonly pages: readonly RunPage[];
  /** The file that the run's own values were written to, if there were any. */
  readonly valueFile: ValueFileDescription | undefined;
}

/** The numbers that move together with the set of runs. */
export interface ManifestPosition {
  /** Entries up to and including this sequence are in runs. */
  readonly flushedSequence: number;
  /** Segments below this one are no longer needed; this one exists, unless nothing was ever flushed. */
  readonly oldestSegment: number;
  /** Greater than the number of every run and value file ever committed. */
  readonly nextFileNumber: number;
}

export interface ManifestState extends ManifestPosition {
  /** Newest first. */
  readonly runs: readonly RunDescription[];
  /** Ascending by number. */
  readonly valueFiles: readonly ValueFileDescription[];
}

export interface ManifestEdit extends ManifestPosition {
  readonly addedRuns: readonly AddedRun[];
  /** Value files that come without a run of their own: a repair finds such. */
  readonly addedValueFiles?: readonly ValueFileDescription[];
  /** Numbers of runs that the edit replaces. Their pages stay readable until a later edit forgets them. */
  readonly removedRuns: readonly number[];
  /** Numbers of runs that earlier edits removed and that nobody reads any more; an opening forgets all such. */
  readonly forgottenRuns: readonly number[];
  /** Numbers of value files that nothing points to any more. */
  readonly removedValueFiles: readonly number[];
}

/** The state of a manifest that never saw an edit. */
export const emptyManifestState: ManifestState = {
  runs: [],
  valueFiles: [],
  flushedSequence: 0,
  oldestSegment: 1,
  nextFileNumber: 1,
};

/** Calls are never made while an earlier `load` or `commit` is under way. Damage is a `CorruptionError`. */
export interface Manifest {
  /** Reads and verifies the state; the first call, and before it nothing is read or written. */
  load(): Promise<ManifestState>;
  /** The `firstKey` of each page of a live run, in order. */
  pageKeys(run: number): readonly Uint8Array[];
  /** One page of a run that is live or not yet forgotten, verified; on the reading thread, since a lookup may need it. */
  page(run: number, page: number): RunPage;
  /**
   * Resolves once the edit is durable. `DISK_FULL`: nothing was changed, and it may be tried again; after any other
   * failure the durable state is unknown until the next `load`.
   */
  commit(edit: ManifestEdit): Promise<void>;
  /** Writes a copy of the manifest as it is now to a path that does not exist yet, synced. */
  copyTo(path: string): Promise<void>;
  /** Opens such a copy to be read, without a trace on the disk; it is closed by itself. */
  openCopy(path: string): Promise<Manifest>;
  close(): Promise<void>;
}
