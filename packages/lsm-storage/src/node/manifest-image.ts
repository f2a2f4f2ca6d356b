/**
 * A manifest whose database lives in memory and whose every commit is put on a file system as one synced file: the
 * same SQL as in production, on any disk, also a simulated one.
 */

import { dirname } from 'node:path/posix';
import Database from 'better-sqlite3';
import { MANIFEST_FILE } from '../core/file-names.ts';
import { CorruptionError, replaceFile } from '../core/index.ts';
import type { FileSystem } from '../core/index.ts';
import { SqliteManifest } from './sqlite-manifest.ts';

/** Reads the image that is there, or begins with an empty one. */
export async function openManifestImage(fileSystem: FileSystem, path: string = MANIFEST_FILE): Promise<SqliteManifest> {
  const database = await readImage(fileSystem, path);
  return new SqliteManifest(database, {
    afterCommit: (committed) => replaceFile(fileSystem, path, new Uint8Array(committed.serialize())),
    reopen: () => readImage(fileSystem, path),
    openCopy: (copy) => openManifestImage(fileSystem, copy),
    copyTo: (copied, target) => writeCopy(fileSystem, target, new Uint8Array(copied.serialize())),
  });
}

async function writeCopy(fileSystem: FileSystem, path: string, image: Uint8Array): Promise<void> {
  const file = await fileSystem.open(path, 'create');
  try {
    await file.write(0, [image]);
    await file.sync();
  } finally {
    await file.close();
  }
  await fileSystem.syncDirectory(dirname(path));
}

async function readImage(fileSystem: FileSystem, path: string): Promise<Database> {
  if (!(await fileSystem.exists(path))) return new Database(':memory:');
  const file = await fileSystem.open(path, 'read');
  try {
    return databaseOf(await file.read(0, await file.size()), path);
  } finally {
    await file.close();
  }
}

function databaseOf(image: Uint8Array, path: string): Database {
  try {
    return new Database(Buffer.from(image));
  } catch (cause) {
    throw new CorruptionError(path, 0, 'it is not the image of a database', { cause });
  }
}
