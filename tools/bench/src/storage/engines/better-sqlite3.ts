/** SQLite through better-sqlite3 as a table of keys and values; every put is a transaction, as is every batch. */
import { closeSync, fdatasyncSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database, { type Statement } from 'better-sqlite3';
import {
  type BenchEngine,
  type BenchScan,
  type EngineOptions,
  mebibytes,
  type Pair,
  scanStep,
} from './bench-engine.ts';

export function openBetterSqlite3(directory: string, options: EngineOptions): BenchEngine {
  const { durable, cacheBytes } = options;
  const path = join(directory, 'table.db');
  const db = new Database(path);
  const synchronous = durable ? 'FULL' : 'OFF';
  const pageBytes = pageBytesFor(options.valueBytes);
  db.pragma(`page_size = ${pageBytes}`);
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${synchronous}`);
  db.pragma(`cache_size = -${Math.floor(cacheBytes / 1024)}`);
  db.exec('CREATE TABLE IF NOT EXISTS pair (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID');
  const sizes = `cache_size ${mebibytes(cacheBytes)}, page_size ${pageBytes}`;
  return new BetterSqlite3(db, path, `WAL, synchronous ${synchronous}, ${sizes}`);
}

/**
 * In a table WITHOUT ROWID what exceeds about a quarter of a page goes to pages of its own. For values of 1 kB that
 * would be a nearly empty page each; larger ones fill theirs.
 */
function pageBytesFor(valueBytes: number): number {
  return valueBytes > 900 && valueBytes <= 4000 ? 16_384 : 4096;
}

class BetterSqlite3 implements BenchEngine {
  readonly options: string;
  readonly #db: Database;
  readonly #path: string;
  readonly #put: Statement;
  readonly #get: Statement;
  readonly #seek: Statement;

  constructor(db: Database, path: string, options: string) {
    this.#db = db;
    this.#path = path;
    this.options = `${options}, a table WITHOUT ROWID, a transaction per put or batch, no compression`;
    this.#put = db.prepare('INSERT OR REPLACE INTO pair (key, value) VALUES (?, ?)');
    this.#get = db.prepare('SELECT value FROM pair WHERE key = ?').pluck();
    this.#seek = db.prepare('SELECT key, value FROM pair WHERE key >= ? ORDER BY key LIMIT ?').raw();
  }

  put(key: Buffer, value: Buffer): undefined {
    this.#put.run(key, value);
  }

  batch(pairs: readonly Pair[]): undefined {
    this.#db.exec('BEGIN IMMEDIATE');
    for (const { key, value } of pairs) this.#put.run(key, value);
    this.#db.exec('COMMIT');
  }

  get(key: Buffer): Buffer | undefined {
    return this.#get.get(key) as Buffer | undefined;
  }

  getMany(keys: readonly Buffer[]): number {
    let found = 0;
    for (const key of keys) if (this.#get.get(key) !== undefined) found += 1;
    return found;
  }

  seek(key: Buffer, count: number): number {
    return this.#seek.all(key, count).length;
  }

  scan(reverse: boolean): BenchScan {
    const order = reverse ? 'DESC' : 'ASC';
    const rows = this.#db.prepare(`SELECT key, value FROM pair ORDER BY key ${order}`).raw().iterate();
    return {
      next: () => {
        let entries = 0;
        while (entries < scanStep && rows.next().done !== true) entries += 1;
        return entries;
      },
      close: () => void rows.return?.(),
    };
  }

  async flush(): Promise<void> {
    this.#db.pragma('wal_checkpoint(TRUNCATE)');
    const file = openSync(this.#path, 'r+');
    fdatasyncSync(file);
    closeSync(file);
  }

  compact(): Promise<void> {
    return this.flush();
  }

  debt(): string {
    return 'none';
  }

  async close(): Promise<void> {
    this.#db.close();
  }
}
