/** The manifest of a store on a real disk: a SQLite file that loses no commit and lets no other process in. */

import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { MANIFEST_FILE } from '../core/file-names.ts';
import { fileError } from './file-errors.ts';
import { SqliteManifest, manifestError } from './sqlite-manifest.ts';
import type { SqliteDatabase } from './sqlite-manifest.ts';

/** The manifest of the store in `directory`, which must exist. The engine closes it. */
export function openManifestFile(directory: string): SqliteManifest {
  const path = join(directory, MANIFEST_FILE);
  try {
    return new SqliteManifest(new Database(path, { timeout: 0 }), {
      beforeLoad: makeDurable,
      copyTo: (database, target) => copyDurably(database, join(directory, target)),
    });
  } catch (cause) {
    throw fileError(cause, `opening ${path}`);
  }
}

/**
 * A commit is synced before it returns: with `synchronous = NORMAL` a power loss may take back the last ones, after
 * the files that they replaced were removed. And the kernel's lock keeps other processes out while the file is open.
 */
export function makeDurable(database: SqliteDatabase): void {
  database.pragma('locking_mode = EXCLUSIVE');
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
}

async function copyDurably(database: SqliteDatabase, path: string): Promise<void> {
  try {
    await (await open(path, 'wx')).close();
    await database.backup(path);
    await sync(path);
    await sync(dirname(path));
  } catch (cause) {
    const error = manifestError(cause);
    throw error === cause ? fileError(cause, `copying ${MANIFEST_FILE} to ${path}`) : error;
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
