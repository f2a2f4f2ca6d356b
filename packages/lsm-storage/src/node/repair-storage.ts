/** Repair of a store in a real directory. */

import { crc32 } from 'node:zlib';
import { accelerateCrc32, repair } from '../core/index.ts';
import type { RepairReport } from '../core/index.ts';
import { codecOf } from './compression.ts';
import type { Compression } from './compression.ts';
import { openReplacement } from './manifest-file.ts';
import { NodeFileSystem } from './node-file-system.ts';

export interface RepairStorageOptions {
  /** What the store was written with; default `zstd`. */
  readonly compression?: Compression;
}

/** See {@link repair}. The directory must exist, and nobody may have the store open. */
export async function repairStorage(
  directory: string,
  { compression = 'zstd' }: RepairStorageOptions = {},
): Promise<RepairReport> {
  accelerateCrc32(crc32);
  return repair({
    fileSystem: new NodeFileSystem(directory),
    codec: codecOf(compression),
    openManifest: async (path) => openReplacement(directory, path),
  });
}
