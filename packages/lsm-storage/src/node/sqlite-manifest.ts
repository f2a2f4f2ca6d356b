/**
 * The manifest as rows of a SQLite database: one transaction per edit, and checksums over all that is read back.
 * The same SQL wherever the database lives: in a file, or in memory with every commit copied out by `afterCommit`.
 */

import { MANIFEST_FILE } from '../core/file-names.ts';
import { CorruptionError, StorageError, emptyManifestState } from '../core/index.ts';
import { checksumOfPage, checksumOfRun, checksumOfState } from '../core/manifest/manifest-checksum.ts';
import type {
  AddedRun,
  Manifest,
  ManifestEdit,
  ManifestPosition,
  ManifestState,
  RunDescription,
  RunPages,
} from '../core/index.ts';
import { MANIFEST_SCHEMA, MANIFEST_VERSION } from './manifest-schema.ts';
import type { PageRow, RunRow, StateRow } from './manifest-schema.ts';

/** What the manifest uses of a database of better-sqlite3. */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  pragma(source: string, options?: { readonly simple?: boolean }): unknown;
  transaction(work: () => void): { immediate(): void };
  /** The whole database as the bytes of a file. */
  serialize(): Uint8Array;
  close(): unknown;
}

export interface SqliteStatement {
  all(...values: readonly unknown[]): unknown[];
  run(...values: readonly unknown[]): unknown;
}

export interface SqliteManifestOptions {
  /** Runs before anything is read: the place to set durability. */
  readonly beforeLoad?: (database: SqliteDatabase) => void;
  /** An edit counts as durable when this has resolved. Default: when the transaction has been committed. */
  readonly afterCommit?: (database: SqliteDatabase) => Promise<void>;
}

export class SqliteManifest implements Manifest {
  readonly #database: SqliteDatabase;
  readonly #options: SqliteManifestOptions;
  readonly #statements: Map<string, SqliteStatement> = new Map();

  /** Takes the database over: `close` closes it. */
  constructor(database: SqliteDatabase, options: SqliteManifestOptions = {}) {
    this.#database = database;
    this.#options = options;
  }

  async load(): Promise<ManifestState> {
    return guarded(() => {
      this.#options.beforeLoad?.(this.#database);
      this.#prepareSchema();
      return this.#readState();
    });
  }

  async loadPages(run: number): Promise<RunPages> {
    return guarded(() => {
      const [row] = this.#all<RunRow>('SELECT * FROM run WHERE number = ?', run);
      if (row === undefined) throw corrupt(`there is no run ${run}`);
      return {
        index: this.#readPages('index_page', run, row.index_pages),
        filter: this.#readPages('filter_page', run, row.filter_pages),
      };
    });
  }

  async commit(edit: ManifestEdit): Promise<void> {
    guarded(() => this.#database.transaction(() => this.#write(edit)).immediate());
    await this.#options.afterCommit?.(this.#database);
  }

  async close(): Promise<void> {
    guarded(() => this.#database.close());
  }

  #prepareSchema(): void {
    const version = this.#database.pragma('user_version', { simple: true });
    if (typeof version !== 'number' || version > MANIFEST_VERSION) {
      const got = `${MANIFEST_FILE} has format version ${String(version)}`;
      throw new StorageError('UNSUPPORTED_FORMAT', `${got}, this engine reads versions up to ${MANIFEST_VERSION}`);
    }
    const damage = this.#database.pragma('quick_check(1)', { simple: true });
    if (damage !== 'ok') throw corrupt(String(damage));
    if (version === 0) this.#createSchema();
  }

  #createSchema(): void {
    const tables = this.#all('SELECT name FROM sqlite_schema');
    if (tables.length > 0) throw corrupt('it has tables, but no format version');
    this.#database.transaction(() => this.#database.exec(MANIFEST_SCHEMA)).immediate();
  }

  #readState(): ManifestState {
    const states = this.#all<StateRow>('SELECT * FROM state');
    const rows = this.#runRows();
    const [state] = states;
    if (state === undefined && rows.length === 0) return emptyManifestState;
    if (state === undefined || states.length > 1) throw corrupt(`one row of state was expected, got ${states.length}`);
    const position: ManifestPosition = {
      flushedSequence: state.flushed_sequence,
      oldestSegment: state.oldest_segment,
      nextFileNumber: state.next_file_number,
    };
    const runs = rows.map(readRun);
    const checksum = checksumOfState(
      position,
      rows.map((row) => row.checksum),
    );
    if (checksum !== state.checksum) throw corrupt('the state does not match its checksum');
    return { ...position, runs: runs.sort((left, right) => right.lastSequence - left.lastSequence) };
  }

  #runRows(): RunRow[] {
    return this.#all<RunRow>('SELECT * FROM run ORDER BY number');
  }

  #readPages(table: 'index_page' | 'filter_page', run: number, expected: number): Uint8Array[] {
    const sql = `SELECT page, bytes, checksum FROM ${table} WHERE run = ? ORDER BY page`;
    const pages = this.#all<PageRow>(sql, run);
    if (pages.length !== expected) throw corrupt(`run ${run} has ${pages.length} of ${expected} pages in ${table}`);
    return pages.map(({ page, bytes, checksum }, i) => {
      const plain = new Uint8Array(bytes);
      if (page === i && checksumOfPage(run, page, plain) === checksum) return plain;
      throw corrupt(`page ${page} of run ${run} in ${table} does not match its checksum`);
    });
  }

  #write(edit: ManifestEdit): void {
    for (const run of edit.removedRuns) {
      this.#run('DELETE FROM run WHERE number = ?', run);
      this.#run('DELETE FROM index_page WHERE run = ?', run);
      this.#run('DELETE FROM filter_page WHERE run = ?', run);
    }
    for (const added of edit.addedRuns) this.#insertRun(added);
    const checksum = checksumOfState(
      edit,
      this.#runRows().map((row) => row.checksum),
    );
    const { flushedSequence, oldestSegment, nextFileNumber } = edit;
    const sql = 'INSERT OR REPLACE INTO state VALUES (1, ?, ?, ?, ?)';
    this.#run(sql, flushedSequence, oldestSegment, nextFileNumber, checksum);
  }

  #insertRun({ run, pages }: AddedRun): void {
    this.#run(
      'INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      run.number,
      run.bytes,
      run.footerChecksum,
      run.entries,
      run.tombstones,
      run.firstSequence,
      run.lastSequence,
      run.smallestKey,
      run.largestKey,
      pages.index.length,
      pages.filter.length,
      checksumOfRun(run, pages.index.length, pages.filter.length),
    );
    this.#insertPages('index_page', run.number, pages.index);
    this.#insertPages('filter_page', run.number, pages.filter);
  }

  #insertPages(table: 'index_page' | 'filter_page', run: number, pages: readonly Uint8Array[]): void {
    const sql = `INSERT INTO ${table} VALUES (?, ?, ?, ?)`;
    for (const [page, bytes] of pages.entries()) this.#run(sql, run, page, bytes, checksumOfPage(run, page, bytes));
  }

  #all<Row>(sql: string, ...values: readonly unknown[]): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  #run(sql: string, ...values: readonly unknown[]): void {
    this.#statement(sql).run(...values);
  }

  #statement(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}

function readRun(row: RunRow): RunDescription {
  const run: RunDescription = {
    number: row.number,
    bytes: row.bytes,
    footerChecksum: row.footer_checksum,
    entries: row.entries,
    tombstones: row.tombstones,
    firstSequence: row.first_sequence,
    lastSequence: row.last_sequence,
    smallestKey: new Uint8Array(row.smallest_key),
    largestKey: new Uint8Array(row.largest_key),
  };
  if (checksumOfRun(run, row.index_pages, row.filter_pages) === row.checksum) return run;
  throw corrupt(`run ${row.number} does not match its checksum`);
}

function corrupt(what: string, cause?: unknown): CorruptionError {
  return new CorruptionError(MANIFEST_FILE, 0, what, { cause });
}

/** SQLite's errors in the engine's words; the rest as they are. */
function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (!code.startsWith('SQLITE_')) throw cause;
    const message = cause instanceof Error ? cause.message : code;
    if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') throw corrupt(message, cause);
    const busy = code.startsWith('SQLITE_BUSY');
    if (busy) throw new StorageError('LOCKED', `${MANIFEST_FILE} is locked by another process`, { cause });
    const full = code === 'SQLITE_FULL' ? 'DISK_FULL' : 'IO_ERROR';
    throw new StorageError(full, `${MANIFEST_FILE}: ${message}`, { cause });
  }
}
