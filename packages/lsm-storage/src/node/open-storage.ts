/** The engine on a real directory: Node's files, SQLite, zstd. */

import { join } from 'node:path';
import Database from 'better-sqlite3';
import { MANIFEST_FILE } from '../core/file-names.ts';
import { StorageEngine, inlineJobs, noCodec } from '../core/index.ts';
import type { Jobs, StorageOptions } from '../core/index.ts';
import { fileError } from './file-errors.ts';
import { makeDirectory } from './make-directory.ts';
import { NodeFileSystem } from './node-file-system.ts';
import { SqliteManifest } from './sqlite-manifest.ts';
import { ZstdCodec } from './zstd-codec.ts';

export interface OpenStorageOptions extends StorageOptions {
  /** What runs are compressed with; default `zstd`. A store written with zstd needs it ever after. */
  readonly compression?: 'zstd' | 'none';
  /** Where flushes and compactions run; default: here, between other work. */
  readonly jobs?: Jobs;
}

/** Opens the store in a directory, which is made if it is missing. See {@link StorageEngine.open} for failures. */
export async function openStorage(directory: string, options: OpenStorageOptions = {}): Promise<StorageEngine> {
  const { compression = 'zstd', jobs = inlineJobs, ...engineOptions } = options;
  const codec = compression === 'zstd' ? new ZstdCodec() : noCodec;
  await makeDirectory(directory);
  const manifest = openManifestFile(join(directory, MANIFEST_FILE));
  return StorageEngine.open({ fileSystem: new NodeFileSystem(directory), manifest, jobs, codec }, engineOptions);
}

function openManifestFile(path: string): SqliteManifest {
  try {
    return new SqliteManifest(new Database(path, { timeout: 0 }), { beforeLoad: configure });
  } catch (cause) {
    throw fileError(cause, `opening ${path}`);
  }
}

/**
 * A commit is synced before it returns (`NORMAL` may lose the last ones at a power loss, after their inputs were
 * removed), and the kernel's lock keeps other processes out for as long as the database is open.
 */
function configure(database: Database.Database): void {
  database.pragma('locking_mode = EXCLUSIVE');
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
}
