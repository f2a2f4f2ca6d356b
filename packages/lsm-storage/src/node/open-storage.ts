/** The engine on a real directory: Node's files, SQLite, zstd. */

import { setTimeout as pause } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { StorageEngine, accelerateCrc32, inlineJobs, noCodec } from '../core/index.ts';
import type { Jobs, StorageClock, StorageOptions } from '../core/index.ts';
import { makeDirectory } from './make-directory.ts';
import { openManifestFile } from './manifest-file.ts';
import { NodeFileSystem } from './node-file-system.ts';
import { ZstdCodec } from './zstd-codec.ts';

export interface OpenStorageOptions extends StorageOptions {
  /** What runs are compressed with; default `zstd`. A store written with zstd needs it ever after. */
  readonly compression?: 'zstd' | 'none';
  /** Where flushes and compactions run; default: here, between other work. */
  readonly jobs?: Jobs;
  /** What deadlines are held against; default: the system's. */
  readonly clock?: StorageClock;
}

export const systemClock: StorageClock = {
  now: () => Date.now(),
  pause: (milliseconds) => pause(milliseconds, undefined, { ref: false }),
};

/** Opens the store in a directory, which is made if it is missing. See {@link StorageEngine.open} for failures. */
export async function openStorage(directory: string, options: OpenStorageOptions = {}): Promise<StorageEngine> {
  const { compression = 'zstd', jobs = inlineJobs, clock = systemClock, ...engineOptions } = options;
  accelerateCrc32(crc32);
  const codec = compression === 'zstd' ? new ZstdCodec() : noCodec;
  await makeDirectory(directory);
  const manifest = openManifestFile(directory);
  return StorageEngine.open({ fileSystem: new NodeFileSystem(directory), manifest, jobs, codec, clock }, engineOptions);
}
