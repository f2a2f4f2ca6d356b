/** The engine on a real directory: Node's files, SQLite, zstd. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { MANIFEST_FILE } from '../core/file-names.ts';
import { StorageEngine, StorageError, accelerateAllocation, accelerateCrc32, inlineJobs } from '../core/index.ts';
import type { Jobs, StorageClock, StorageOptions, StoragePorts } from '../core/index.ts';
import { codecOf } from './compression.ts';
import type { Compression } from './compression.ts';
import { makeDirectory } from './make-directory.ts';
import { openManifestFile } from './manifest-file.ts';
import { NodeFileSystem } from './node-file-system.ts';
import { openForReading } from './open-for-reading.ts';
import { allocateValue } from './value-memory.ts';
import { WorkerJobs } from './worker-jobs.ts';

export interface OpenStorageOptions extends StorageOptions {
  /** Default true; false: a directory that holds no store is `NOT_FOUND`, and nothing is made. */
  readonly createIfMissing?: boolean;
  /** Default false; true: a directory that holds a store is `ALREADY_EXISTS`. */
  readonly errorIfExists?: boolean;
  /**
   * What runs are compressed with: zstd (default), nothing, or a codec of your own, whose jobs then run on the calling
   * thread. A store needs its codec ever after; blocks that compression does not make smaller are stored plain.
   */
  readonly compression?: Compression;
  /** Of zstd: an integer from -7 (fastest) to 22 (smallest), default -1. May be another at each opening. */
  readonly compressionLevel?: number;
  /** Where flushes and compactions run; default: on a worker thread for each of the two. */
  readonly jobs?: Jobs;
  /** What deadlines are held against; default: the system's. */
  readonly clock?: StorageClock;
}

export const systemClock: StorageClock = {
  now: () => Date.now(),
  pause: (milliseconds) => pause(milliseconds),
};

/**
 * Opens the store in a directory, which is made if it is missing. See {@link StorageEngine.open} for failures.
 *
 * With `readOnly` the store must exist, and may be open in another process: what is read is its state at the opening, with
 * all that was acknowledged before. If the writer changes files faster than they are opened, that is an `IO_ERROR` which
 * says so.
 */
export async function openStorage(directory: string, options: OpenStorageOptions = {}): Promise<StorageEngine> {
  const { clock = systemClock, ...engineOptions } = options;
  checkExistence(directory, options);
  accelerateCrc32(crc32);
  accelerateAllocation(allocateValue);
  const ports = { fileSystem: new NodeFileSystem(directory), clock, ...compressionOf(directory, options) };
  if (options.readOnly === true) return openForReading(directory, ports, engineOptions);
  await makeDirectory(directory);
  return StorageEngine.open({ ...ports, manifest: openManifestFile(directory) }, engineOptions);
}

function compressionOf(
  directory: string,
  { compression = 'zstd', compressionLevel: level, jobs }: OpenStorageOptions,
): Pick<StoragePorts, 'codec' | 'jobs'> {
  const codec = codecOf(compression, level);
  if (typeof compression === 'object') return { codec, jobs: jobs ?? inlineJobs };
  return { codec, jobs: jobs ?? new WorkerJobs({ directory, compression, level }) };
}

function checkExistence(
  directory: string,
  { readOnly = false, createIfMissing = !readOnly, errorIfExists = false }: OpenStorageOptions,
): void {
  const exists = existsSync(join(directory, MANIFEST_FILE));
  if (!exists && !createIfMissing) {
    throw new StorageError('NOT_FOUND', `the store ${directory} does not exist, and is not to be made`);
  }
  if (exists && errorIfExists) {
    throw new StorageError('ALREADY_EXISTS', `the store ${directory} exists already, and errorIfExists is true`);
  }
}
