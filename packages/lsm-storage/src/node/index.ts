/**
 * An embedded, ordered, durable key-value store for Node.
 *
 *     const storage = await openStorage('./data');
 *     await storage.put(new TextEncoder().encode('key'), new TextEncoder().encode('value'));
 *     await storage.close();
 *
 * @packageDocumentation
 */
export * from '../core/index.ts';
export { openManifestFile } from './manifest-file.ts';
export { openManifestImage } from './manifest-image.ts';
export { NodeFileSystem } from './node-file-system.ts';
export { openStorage, systemClock } from './open-storage.ts';
export type { OpenStorageOptions } from './open-storage.ts';
export { repairStorage } from './repair-storage.ts';
export type { RepairStorageOptions } from './repair-storage.ts';
export { SqliteManifest } from './sqlite-manifest.ts';
export type { SqliteDatabase, SqliteManifestOptions, SqliteStatement } from './sqlite-manifest.ts';
export { WorkerJobs } from './worker-jobs.ts';
export type { WorkerJobsOptions } from './worker-jobs.ts';
export { ZstdCodec } from './zstd-codec.ts';
