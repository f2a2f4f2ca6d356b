/** The manifest of a store on a real disk: a SQLite file that loses no commit and lets no other process in. */

import { realpathSync } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { MANIFEST_FILE } from '../core/file-names.ts';
import type { ManifestState } from '../core/index.ts';
import { fileError } from './file-errors.ts';
import { SqliteManifest, manifestError } from './sqlite-manifest.ts';
import type { SqliteDatabase, SqliteManifestOptions } from './sqlite-manifest.ts';

/** Manifests that this thread has loaded to write them, by the real path of their directories. */
const loadedHere: Map<string, ManifestFile> = new Map();

class ManifestFile extends SqliteManifest {
  readonly #directory: string;

  constructor(database: Database, directory: string) {
    super(database, { beforeLoad: makeDurable, ...copiesIn(directory) });
    this.#directory = realpathSync(directory);
  }

  override async load(): Promise<ManifestState> {
    const state = await super.load();
    loadedHere.set(this.#directory, this);
    return state;
  }

  override async close(): Promise<void> {
    if (loadedHere.get(this.#directory) === this) loadedHere.delete(this.#directory);
    await super.close();
  }
}

/** The manifest of the store in `directory`, which must exist. The engine closes it. */
export function openManifestFile(directory: string): SqliteManifest {
  return openIn(directory, MANIFEST_FILE, (database) => new ManifestFile(database, directory));
}

/** The manifest of a store that this thread writes, as of now, as the bytes of a file; `undefined`: it writes none here. */
export async function imageOfOpenManifest(directory: string): Promise<Uint8Array | undefined> {
  return loadedHere.get(await realpath(directory))?.image();
}

/**
 * A manifest that is to take another one's place: `file` in `directory` is the whole of it after each commit. In
 * write-ahead mode it would be so only after a close that went well, and whether it did SQLite does not tell.
 */
export function openReplacement(directory: string, file: string): SqliteManifest {
  return openIn(directory, file, (database) => {
    return new SqliteManifest(database, { beforeLoad: makeWhole, ...copiesIn(directory) });
  });
}

function openIn(directory: string, file: string, manifestOf: (database: Database) => SqliteManifest): SqliteManifest {
  const path = join(directory, file);
  try {
    return manifestOf(new Database(path, { timeout: 0 }));
  } catch (cause) {
    throw fileError(cause, `opening ${path}`);
  }
}

/** Copies are made in a directory, under paths relative to it. */
export function copiesIn(directory: string): Pick<SqliteManifestOptions, 'copyTo' | 'openCopy'> {
  return {
    copyTo: (database, target) => copyDurably(database, join(directory, target)),
    openCopy: async (target) => openCopy(join(directory, target)),
  };
}

/** A copy is one file and not in write-ahead mode: to read it leaves no trace. */
function openCopy(path: string): SqliteManifest {
  try {
    return new SqliteManifest(new Database(path, { readonly: true }), copiesIn(dirname(path)));
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

function makeWhole(database: SqliteDatabase): void {
  database.pragma('journal_mode = DELETE');
  database.pragma('synchronous = EXTRA');
}

async function copyDurably(database: SqliteDatabase, path: string): Promise<void> {
  try {
    await (await open(path, 'wx')).close();
    await database.backup(path);
    makePlain(path);
    await sync(path);
    await sync(dirname(path));
  } catch (cause) {
    const error = manifestError(cause);
    throw error === cause ? fileError(cause, `copying ${MANIFEST_FILE} to ${path}`) : error;
  }
}

/** Leaves one file that is complete by itself, without what only readers of the original still need. */
function makePlain(path: string): void {
  const copy = new Database(path);
  try {
    copy.pragma('journal_mode = DELETE');
    copy.exec('DELETE FROM page WHERE run NOT IN (SELECT number FROM run)');
  } finally {
    copy.close();
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
