/** What a store may be compressed with, and the codec that it comes to. */

import { StorageError, noCodec } from '../core/index.ts';
import type { Codec } from '../core/index.ts';
import { ZstdCodec } from './zstd-codec.ts';

export type Compression = 'zstd' | 'none' | Codec;

const LEAST_LEVEL = -7;
const MOST_LEVEL = 22;

/** `level`: of zstd. Throws `INVALID_ARGUMENT` for what is no compression and no level. */
export function codecOf(compression: Compression, level?: number): Codec {
  if (level !== undefined && !(Number.isInteger(level) && level >= LEAST_LEVEL && level <= MOST_LEVEL)) {
    const needed = `an integer from ${LEAST_LEVEL} to ${MOST_LEVEL}`;
    throw new StorageError('INVALID_ARGUMENT', `compressionLevel must be ${needed}, got ${String(level)}`);
  }
  if (compression === 'zstd') return new ZstdCodec(level);
  if (compression === 'none') return noCodec;
  if (isCodec(compression)) return compression;
  const got = typeof compression === 'string' ? compression : typeof compression;
  throw new StorageError('INVALID_ARGUMENT', `compression must be zstd, none or a codec, got ${got}`);
}

function isCodec(given: Partial<Codec> | null): given is Codec {
  return typeof given?.compress === 'function' && typeof given.decompress === 'function';
}
