/** The tunable numbers of an engine: unit, default, and what moves when one is turned. */

import { StorageError } from './errors.ts';

/**
 * `tolerate-tail`: what a crash leaves behind the last complete group of the log is cut off; damage before valid data
 * refuses to open. `point-in-time`: such damage ends the replay; later groups are set aside in `*.lost` files, and the
 * report says so. For stores whose lost writes come back from elsewhere, such as replicas.
 */
export type RecoveryMode = 'tolerate-tail' | 'point-in-time';

export interface StorageOptions {
  /**
   * Bytes of keys, metas, values and bookkeeping that a memtable holds before it is flushed; default 32 MiB. Two may
   * be in memory at once. Larger: fewer, larger runs and less rewriting; more memory and a longer replay at opening.
   */
  readonly memtableBytes?: number;
  /** Bytes after which the log begins a new segment; default 64 MiB. Larger: fewer files; space is freed later. */
  readonly segmentBytes?: number;
  /**
   * Uncompressed bytes of an entries block; default 16 KiB. Larger: better compression and a smaller index; more bytes
   * read and decompressed per lookup. A value of a quarter of this or more gets a block of its own.
   */
  readonly blockBytes?: number;
  /**
   * Runs of similar size that are merged together; default 4, at least 2. Larger: each byte is rewritten fewer times;
   * more runs to look into per read, and more space held by replaced entries.
   */
  readonly compactionFan?: number;
  /** `group` (default): a write is acknowledged after the sync of the group it was logged in. */
  readonly durability?: 'group';
  /** Default `tolerate-tail`. */
  readonly recovery?: RecoveryMode;
}

export type ResolvedOptions = Required<StorageOptions>;

const MIB = 1024 * 1024;

/** Fills in the defaults; `INVALID_ARGUMENT` names the option, its range and what was got. */
export function resolveOptions(options: StorageOptions): ResolvedOptions {
  return {
    memtableBytes: integer('memtableBytes', options.memtableBytes ?? 32 * MIB, 1024, 1024 * MIB),
    segmentBytes: integer('segmentBytes', options.segmentBytes ?? 64 * MIB, 1024, 1024 * MIB),
    blockBytes: integer('blockBytes', options.blockBytes ?? 16 * 1024, 64, MIB),
    compactionFan: integer('compactionFan', options.compactionFan ?? 4, 2, 64),
    durability: oneOf('durability', options.durability ?? 'group', ['group']),
    recovery: oneOf('recovery', options.recovery ?? 'tolerate-tail', ['tolerate-tail', 'point-in-time']),
  };
}

function integer(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new StorageError('INVALID_ARGUMENT', `${name} must be an integer from ${least} to ${most}, got ${value}`);
}

function oneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw new StorageError('INVALID_ARGUMENT', `${name} must be one of ${allowed.join(', ')}, got ${String(value)}`);
}
