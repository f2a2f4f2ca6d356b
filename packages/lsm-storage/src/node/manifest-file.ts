/** The manifest of a store on a real disk: a SQLite file that loses no commit and lets no other process in. */

import Database from 'better-sqlite3';
import { fileError } from './file-errors.ts';
import { SqliteManifest } from './sqlite-manifest.ts';
import type { SqliteDatabase } from './sqlite-manifest.ts';

export function openManifestFile(path: string): SqliteManifest {
  try {
    return new SqliteManifest(new Database(path, { timeout: 0 }), { beforeLoad: makeDurable });
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
