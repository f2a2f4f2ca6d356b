/**
 * The storage engine without Node: everything that touches files, SQLite or zstd comes in through ports.
 * @packageDocumentation
 */
export type { Applied, Decide, Entry, KeyedEntry, KeyedMeta, ScanRange } from './entry.ts';
export { MAX_KEY_BYTES, MAX_META_BYTES, MAX_VALUE_BYTES } from './entry.ts';
export { CorruptionError, StorageError } from './errors.ts';
export type { StorageErrorCode } from './errors.ts';
export type { RecoveryMode, StorageOptions } from './options.ts';
export { noCodec } from './ports/codec.ts';
export type { Codec } from './ports/codec.ts';
export type { FileLock, FileSystem, OpenMode, StorageFile } from './ports/file-system.ts';
export { inlineJobs } from './ports/jobs.ts';
export type { JobName, Jobs } from './ports/jobs.ts';
export { emptyManifestState } from './ports/manifest.ts';
export type {
  AddedRun,
  Manifest,
  ManifestEdit,
  ManifestPosition,
  ManifestState,
  RunDescription,
  RunPages,
} from './ports/manifest.ts';
export type { RecoveryReport, RecoveryStop, StorageStats } from './stats.ts';
export { StorageEngine } from './storage-engine.ts';
export type { StoragePorts } from './storage-engine.ts';
export { replaceFile } from './replace-file.ts';
