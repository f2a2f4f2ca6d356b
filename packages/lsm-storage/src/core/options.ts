/** The tunable numbers of an engine: unit, default, and what moves when one is turned. */

import type { CompactionProgress } from './maintenance/compactor.ts';
import type { PurgeRule, PurgeRules } from './jobs/job.ts';
import { StorageError } from './errors.ts';
import type { KeyRange } from './versioned-entry.ts';

/**
 * When a write is acknowledged:
 *
 * - `group`: after the sync of the group it was logged in. It survives the end of the process and a loss of power.
 * - `periodic`: when the operating system has it; synced every `syncEveryMs`. It survives the end of the process; a loss
 *   of power takes at most the last writes of that time, never one without those after it.
 * - `none`: when the operating system has it; synced when its memtable is flushed.
 */
export type Durability = 'group' | 'periodic' | 'none';

/**
 * `tolerate-tail`: what a crash leaves behind the last complete group of the log is cut off; damage before valid data
 * refuses to open. `point-in-time`: such damage ends the replay; later groups are set aside in `*.lost` files, and the
 * report says so. For stores whose lost writes come back from elsewhere, such as replicas.
 */
export type RecoveryMode = 'tolerate-tail' | 'point-in-time';

/** What lets tombstones that carry meta go; without it they stay for ever. */
export interface PurgeOptions extends Pick<PurgeRules, 'versionAt'> {
  /**
   * Asked before each flush and compaction for the rules that hold in a key range. Must not throw; if it does, no rule
   * holds, and `compactionFailure` of the statistics tells why, until it gives rules again.
   */
  rules(range: KeyRange): readonly PurgeRule[];
}

export interface StorageOptions {
  /**
   * Bytes of memory for memtables, block cache, index and filters together; default 256 MiB, at least 1 MiB. What the
   * numbers below are derived from, unless they are given. Larger: fewer reads from disk, less rewriting.
   */
  readonly memoryBudget?: number;
  /**
   * Bytes that a memtable holds before it is flushed; default an eighth of the budget, at most 128 MiB. Up to three are
   * in memory at once, and one that is being written by a flush. Larger: fewer, larger runs and less rewriting; a longer
   * replay at opening.
   */
  readonly memtableBytes?: number;
  /**
   * Bytes of the block cache, which holds blocks, values, index and filters; default seven sixteenths of the budget, so
   * that with the memtables nearly all of it is given away.
   */
  readonly cacheBytes?: number;
  /**
   * Uncompressed bytes of a block of entries; default 8 KiB. Where most values are kept apart, blocks have up to two
   * times as many. Larger: better compression, a smaller index, faster scans; more bytes read and decompressed per lookup.
   */
  readonly blockBytes?: number;
  /**
   * Values of so many bytes or more are kept apart from their entries, in files that compactions do not rewrite; default
   * 4 KiB. Smaller: less rewriting; scans read more places, and replaced values hold their space longer.
   */
  readonly separateBytes?: number;
  /**
   * From leveled to tiered compaction, as in Cassandra's unified strategy: -8 to 8, default 2. `w > 0`: tiered, `w + 2`
   * runs of a size are merged; each entry is rewritten less, a read looks into more runs. `w < 0`: leveled, a level is
   * `2 - w` times the one before; the reverse.
   */
  readonly scaling?: number;
  /** Share of the bytes in value files that may be garbage before values are moved together; default 0.5. */
  readonly garbageRatio?: number;
  /** Bytes per second that compactions may read and write; default 0: as fast as it goes. */
  readonly compactionBytesPerSecond?: number;
  /** Runs from which on writers are slowed down, and from which on they wait; defaults 24 and 48. */
  readonly slowdownRuns?: number;
  readonly stopRuns?: number;
  /** Default `group`. */
  readonly durability?: Durability;
  /** With `periodic`: milliseconds between syncs; default 1000. */
  readonly syncEveryMs?: number;
  /** Default `tolerate-tail`. */
  readonly recovery?: RecoveryMode;
  readonly purge?: PurgeOptions;
  /**
   * Told when a compaction begins, while it runs (after some hundred kilobytes, no more than every 10 ms by a worker
   * thread), and when it has ended or failed. Must not throw; if it does, that is what `compactionFailure` tells.
   */
  readonly onCompaction?: (progress: CompactionProgress) => void;
  /**
   * Default false. True: nothing is ever written, writes fail with `READ_ONLY`, and no lock is taken: what is read is the
   * store as it was when it was opened, whether or not another engine goes on writing it.
   */
  readonly readOnly?: boolean;
}

export type ResolvedOptions = Required<Omit<StorageOptions, 'memoryBudget' | 'purge' | 'onCompaction'>> &
  Pick<StorageOptions, 'purge' | 'onCompaction'>;

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** Fills in the defaults; `INVALID_ARGUMENT` names the option, its range and what was got. */
export function resolveOptions(options: StorageOptions): ResolvedOptions {
  const budget = integer('memoryBudget', options.memoryBudget ?? 256 * MIB, MIB, 1024 * GIB);
  const memtableBytes = options.memtableBytes ?? Math.min(Math.floor(budget / 8), 128 * MIB);
  const slowdownRuns = integer('slowdownRuns', options.slowdownRuns ?? 24, 1, 10_000);
  return {
    memtableBytes: integer('memtableBytes', memtableBytes, 1024, GIB),
    cacheBytes: integer('cacheBytes', options.cacheBytes ?? Math.floor((budget * 7) / 16), 0, 1024 * GIB),
    blockBytes: integer('blockBytes', options.blockBytes ?? 8 * 1024, 64, MIB),
    separateBytes: integer('separateBytes', options.separateBytes ?? 4 * 1024, 1, 64 * MIB),
    scaling: integer('scaling', options.scaling ?? 2, -8, 8),
    garbageRatio: between('garbageRatio', options.garbageRatio ?? 0.5, 0.05, 0.95),
    compactionBytesPerSecond: integer('compactionBytesPerSecond', options.compactionBytesPerSecond ?? 0, 0, GIB * 64),
    slowdownRuns,
    stopRuns: integer('stopRuns', options.stopRuns ?? Math.max(48, 2 * slowdownRuns), slowdownRuns, 100_000),
    durability: oneOf('durability', options.durability ?? 'group', ['group', 'periodic', 'none']),
    syncEveryMs: integer('syncEveryMs', options.syncEveryMs ?? 1000, 1, 3_600_000),
    recovery: oneOf('recovery', options.recovery ?? 'tolerate-tail', ['tolerate-tail', 'point-in-time']),
    readOnly: options.readOnly ?? false,
    ...(options.purge !== undefined && { purge: options.purge }),
    ...(options.onCompaction !== undefined && { onCompaction: options.onCompaction }),
  };
}

function integer(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new StorageError('INVALID_ARGUMENT', `${name} must be an integer from ${least} to ${most}, got ${value}`);
}

function between(name: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw new StorageError('INVALID_ARGUMENT', `${name} must be from ${least} to ${most}, got ${value}`);
}

function oneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw new StorageError('INVALID_ARGUMENT', `${name} must be one of ${allowed.join(', ')}, got ${String(value)}`);
}
