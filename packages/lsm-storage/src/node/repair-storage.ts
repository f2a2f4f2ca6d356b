/** Repair of a store in a real directory. */

import { crc32 } from 'node:zlib';
import { accelerateCrc32, noCodec, repair } from '../core/index.ts';
import type { Codec, RepairReport } from '../core/index.ts';
import { openReplacement } from './manifest-file.ts';
import { NodeFileSystem } from './node-file-system.ts';
import { ZstdCodec } from './zstd-codec.ts';

export interface RepairStorageOptions {
  /** What the store was written with; default `zstd`. */
  readonly compression?: 'zstd' | 'none' | Codec;
}

/** See {@link repair}. The directory must exist, and nobody may have the store open. */
export async function repairStorage(
  directory: string,
  { compression = 'zstd' }: RepairStorageOptions = {},
): Promise<RepairReport> {
  accelerateCrc32(crc32);
  const named = compression === 'zstd' ? new ZstdCodec() : noCodec;
  return repair({
    fileSystem: new NodeFileSystem(directory),
    codec: typeof compression === 'object' ? compression : named,
    openManifest: async (path) => openReplacement(directory, path),
  });
}
