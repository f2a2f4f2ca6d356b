/**
 * The manifest of a store that another process may be writing, as of one commit. SQLite's own locks keep readers out for
 * as long as the writer lives, so what is read is a private copy: of the database, and of the write-ahead log beside it,
 * out of which SQLite takes what is committed and not yet in the database.
 *
 * Where this thread is the writer, the copy is made by the writer's own connection: SQLite's locks are the process's, and
 * a process loses those on a file as soon as it closes it, however it had opened it.
 */

import { copyFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { LOCK_FILE, MANIFEST_FILE } from '../core/file-names.ts';
import { StorageError } from '../core/index.ts';
import type { Manifest } from '../core/index.ts';
import { errnoOf, fileError } from './file-errors.ts';
import { whileUnheldHere } from './lock-file.ts';
import { copiesIn, imageOfOpenManifest } from './manifest-file.ts';
import { SqliteManifest } from './sqlite-manifest.ts';

const LOG_FILE = `${MANIFEST_FILE}-wal`;

/** Copies that are thrown away because the database changed meanwhile, which it does once in some hundred commits. */
const MOST_COPIES = 10;

/**
 * `NOT_FOUND` if there is none; `LOCKED` while another thread of this process writes it, or this thread is about to. The
 * copy lies in the system's directory for temporary files until it is closed.
 */
export async function openManifestSnapshot(directory: string): Promise<Manifest> {
  const copy = await mkdtemp(join(tmpdir(), 'kv-manifest-'));
  try {
    const lock = join(directory, LOCK_FILE);
    const copied = await whileUnheldHere(lock, () => copyManifest(directory, copy).then(() => true));
    if (copied === undefined) await writeImage(directory, copy);
    const database = new Database(join(copy, MANIFEST_FILE), { timeout: 0 });
    return new ManifestSnapshot(database, copy);
  } catch (cause) {
    await rm(copy, { recursive: true, force: true });
    throw cause instanceof StorageError ? cause : fileError(cause, `reading ${join(directory, MANIFEST_FILE)}`);
  }
}

class ManifestSnapshot extends SqliteManifest {
  readonly #copy: string;

  constructor(database: Database, copy: string) {
    super(database, copiesIn(copy));
    this.#copy = copy;
  }

  override async close(): Promise<void> {
    await super.close();
    await rm(this.#copy, { recursive: true, force: true });
  }
}

async function writeImage(directory: string, copy: string): Promise<void> {
  const image = await imageOfOpenManifest(directory);
  if (image === undefined)
    throw new StorageError('LOCKED', `${directory} is just being opened or repaired in this process`);
  await writeFile(join(copy, MANIFEST_FILE), image);
}

/** The database must not change while both are copied; its log may: what was appended meanwhile is there or not. */
async function copyManifest(directory: string, copy: string): Promise<void> {
  const path = join(directory, MANIFEST_FILE);
  for (let attempt = 1; attempt <= MOST_COPIES; attempt++) {
    const before = await stat(path, { bigint: true });
    await copyFile(path, join(copy, MANIFEST_FILE));
    await copyLog(join(directory, LOG_FILE), join(copy, LOG_FILE));
    const after = await stat(path, { bigint: true });
    if (before.ino === after.ino && before.size === after.size && before.mtimeNs === after.mtimeNs) return;
  }
  throw new StorageError('IO_ERROR', `${path} changes faster than it can be copied; try again`);
}

async function copyLog(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause;
    await rm(to, { force: true });
  }
}
