/**
 * The storage engine without Node: everything that touches files, SQLite or zstd comes in through ports.
 * @packageDocumentation
 */
export type {
  Applied,
  Decide,
  Entry,
  EntryMeta,
  KeyedEntry,
  KeyedMeta,
  Merged,
  Offered,
  ScanRange,
} from './entry.ts';
export type { KeyRange } from './versioned-entry.ts';
export { MAX_KEY_BYTES, MAX_META_BYTES, MAX_VALUE_BYTES } from './entry.ts';
export { CorruptionError, StorageError } from './errors.ts';
export type { StorageErrorCode } from './errors.ts';
export type { Checkpoint, CheckpointOptions } from './care/checkpoints.ts';
export type { Loss } from './care/losses.ts';
export { repair } from './care/repair.ts';
export type { RepairPorts, RepairReport } from './care/repair.ts';
export type { VerifyOptions, VerifyReport } from './care/verify.ts';
export type { Durability, PurgeOptions, RecoveryMode, StorageOptions } from './options.ts';
export type {
  Disposal,
  CompactionJob,
  FlushJob,
  Job,
  JobResult,
  PurgeRule,
  PurgeRules,
  RunCut,
  RunLoss,
  RunPlan,
} from './jobs/job.ts';
export type { JobPorts } from './jobs/flush.ts';
export { runJob } from './jobs/run-job.ts';
export { accelerateAllocation } from './bytes.ts';
export { accelerateCrc32 } from './checksum.ts';
export type { CompactionProgress } from './maintenance/compactor.ts';
export type { Gap } from './block-file/block-walk.ts';
export type { StorageClock } from './ports/clock.ts';
export { noCodec } from './ports/codec.ts';
export type { Codec } from './ports/codec.ts';
export type { FileLock, FileSystem, OpenMode, StorageFile } from './ports/file-system.ts';
export { inlineJobs } from './ports/jobs.ts';
export type { JobControl, Jobs } from './ports/jobs.ts';
export { emptyManifestState } from './ports/manifest.ts';
export type {
  AddedRun,
  Manifest,
  ManifestEdit,
  ManifestPosition,
  ManifestState,
  RunDescription,
  RunPage,
  ValueFileDescription,
  ValueReference,
} from './ports/manifest.ts';
export type { RecoveryReport, RecoveryStop, StorageStats } from './stats.ts';
export { StorageEngine } from './storage-engine.ts';
export type { StoragePorts } from './storage-ports.ts';
export type { BatchOperation, PutOptions } from './write.ts';
export { Snapshot } from './read/snapshot.ts';
export { StoreReads } from './read/store-reads.ts';
export type { MaybePromise } from './maybe-promise.ts';
export { StorageIterator } from './read/storage-iterator.ts';
export type { IteratorOptions } from './read/storage-iterator.ts';
export { replaceFile } from './replace-file.ts';
