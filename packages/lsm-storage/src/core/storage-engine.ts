/** The engine's surface. */

import type { Applied, Decide, Entry, KeyedEntry, KeyedMeta, ScanRange } from './entry.ts';
import type { StorageOptions } from './options.ts';
import type { Codec } from './ports/codec.ts';
import type { FileSystem } from './ports/file-system.ts';
import type { Jobs } from './ports/jobs.ts';
import type { Manifest } from './ports/manifest.ts';
import type { RecoveryReport, StorageStats } from './stats.ts';

export interface StoragePorts {
  readonly fileSystem: FileSystem;
  /** The engine closes it, also when opening fails. */
  readonly manifest: Manifest;
  readonly jobs: Jobs;
  readonly codec: Codec;
}

export declare class StorageEngine {
  private constructor();
  /** Locks the root of the file system, reads the manifest, replays the log. */
  static open(ports: StoragePorts, options?: StorageOptions): Promise<StorageEngine>;
  readonly recovery: RecoveryReport;
  /** Resolves when what the engine then holds for the key is durable. Key, meta and value are copied at once. */
  apply(key: Uint8Array, meta: Uint8Array, value: Uint8Array, decide: Decide): Promise<Applied>;
  put(key: Uint8Array, value: Uint8Array, meta?: Uint8Array): Promise<void>;
  delete(key: Uint8Array): Promise<void>;
  /** What is durable; a write becomes readable when its promise resolves. */
  get(key: Uint8Array): Entry | undefined;
  getMeta(key: Uint8Array): Uint8Array | undefined;
  scan(range?: ScanRange): IterableIterator<KeyedEntry>;
  /** As `scan`, without reading values. */
  scanMeta(range?: ScanRange): IterableIterator<KeyedMeta>;
  flush(): Promise<void>;
  compact(): Promise<void>;
  stats(): StorageStats;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
