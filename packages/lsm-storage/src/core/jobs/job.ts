/** What flushes and compactions are: plain data, so that they can be sent to another thread. */

import type { Gap } from '../block-file/block-walk.ts';
import type { AddedRun, RunDescription, ValueFileDescription } from '../ports/manifest.ts';
import type { KnownRun } from '../sorted-run/run-scanner.ts';
import type { KeyRange } from '../versioned-entry.ts';

/** How a run is to be written. */
export interface RunPlan {
  readonly run: number;
  /** The value file that is created if any value is to be kept apart. */
  readonly valueFile: number;
  /** Uncompressed bytes of a block of entries; where values are kept apart, up to four times as many. */
  readonly blockBytes: number;
  /** Values of so many bytes or more are kept apart. */
  readonly separateBytes: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/**
 * Allows the removal of tombstones that carry meta: those of keys from `from` to before `to` whose version, the bytes of
 * the meta that {@link PurgeRules.versionAt} names, is not above `upTo` in byte order.
 */
export interface PurgeRule {
  readonly from: Uint8Array;
  /** Exclusive; `undefined`: no end. */
  readonly to: Uint8Array | undefined;
  readonly upTo: Uint8Array;
}

export interface PurgeRules {
  /** Where a meta carries its version; a meta that is shorter is never purged. */
  readonly versionAt: { readonly offset: number; readonly length: number };
  /** In key order, not overlapping. */
  readonly rules: readonly PurgeRule[];
}

/** What a job may do away with. */
export interface Disposal {
  /** Nothing older than the job's inputs exists: tombstones have nothing left to hide. */
  readonly oldest: boolean;
  /** Milliseconds since 1970: entries whose deadline is not after it are tombstones. */
  readonly now: number;
  readonly purge: PurgeRules;
}

/** Puts what consecutive segments of the log hold between two sequences into a run. */
export interface FlushJob {
  readonly kind: 'flush';
  readonly segments: readonly number[];
  readonly plan: RunPlan;
  readonly disposal: Disposal;
}

/** What damage took from a run. */
export interface RunLoss {
  readonly run: number;
  /** The keys whose entries in the run are given up: in key order, not overlapping. */
  readonly ranges: readonly KeyRange[];
  /** The blocks of its file that cannot be read. */
  readonly gaps: readonly Gap[];
  /** The damaged value files that it points into: values that can be read move out of them. */
  readonly valueFiles: readonly number[];
}

/** What a run is written anew without, and what is known of it where its file cannot be asked. */
export interface RunCut extends RunLoss, KnownRun {}

/** Merges runs that are neighbours in age. */
export interface CompactionJob {
  readonly kind: 'compaction';
  /** Newest first. */
  readonly inputs: readonly RunDescription[];
  /** Value files that are mostly garbage: values of the inputs that lie in them move to the new one. */
  readonly relocated: readonly ValueFileDescription[];
  /** Of the one input, which is damaged: entries that are lost stay behind, and range tombstones take their place. */
  readonly cut?: RunCut;
  readonly plan: RunPlan;
  readonly disposal: Disposal;
  /** Bytes read and written per second; 0: as fast as it goes. */
  readonly bytesPerSecond: number;
}

export type Job = FlushJob | CompactionJob;

export interface JobResult {
  /** `undefined`: nothing was left to write. */
  readonly added: AddedRun | undefined;
}
