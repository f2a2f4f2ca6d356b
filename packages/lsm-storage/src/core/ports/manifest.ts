/**
 * The port to the manifest: the one place that says which sorted runs make up the store, and from where the commit
 * log still counts. A flush or a compaction is one edit, and an edit is durable as a whole or did not happen.
 *
 * The block index and the filter of a run are kept here too, in pages, so that the run file holds data alone.
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
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly smallestKey: Uint8Array;
  readonly largestKey: Uint8Array;
}

/** The block index and bloom filter of a run as written by the run's writer; pages are opaque to the manifest. */
export interface RunPages {
  readonly index: readonly Uint8Array[];
  readonly filter: readonly Uint8Array[];
}

export interface AddedRun {
  readonly run: RunDescription;
  readonly pages: RunPages;
}

/** The numbers that move together with the set of runs. */
export interface ManifestPosition {
  /** Entries up to and including this sequence are in runs. */
  readonly flushedSequence: number;
  /** Segments below this one are no longer needed; this one exists, unless nothing was ever flushed. */
  readonly oldestSegment: number;
  /** Greater than the number of every run ever committed. */
  readonly nextFileNumber: number;
}

export interface ManifestState extends ManifestPosition {
  /** Newest first. */
  readonly runs: readonly RunDescription[];
}

export interface ManifestEdit extends ManifestPosition {
  readonly addedRuns: readonly AddedRun[];
  /** Numbers of runs that the edit replaces. */
  readonly removedRuns: readonly number[];
}

/** The state of a manifest that never saw an edit. */
export const emptyManifestState: ManifestState = {
  runs: [],
  flushedSequence: 0,
  oldestSegment: 1,
  nextFileNumber: 1,
};

/** Calls are never made while an earlier one is under way. Damage is a `CorruptionError`. */
export interface Manifest {
  /** Reads and verifies the state; the first call, and before it nothing is read or written. */
  load(): Promise<ManifestState>;
  /** The pages of a live run, verified. */
  loadPages(run: number): Promise<RunPages>;
  /** Resolves once the edit is durable. After a failure the durable state is unknown until the next `load`. */
  commit(edit: ManifestEdit): Promise<void>;
  close(): Promise<void>;
}
