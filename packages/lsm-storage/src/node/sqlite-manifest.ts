/**
 * The manifest as rows of a SQLite database: one transaction per edit, and checksums over all that is read back.
 * The same SQL wherever the database lives: in a file, or in memory with every commit copied out by `afterCommit`.
 */

import { StorageError, isDiskFull } from '../core/errors.ts';
import { MANIFEST_FILE } from '../core/file-names.ts';
import { checksumOfPage, checksumOfState } from '../core/manifest/manifest-checksum.ts';
import { emptyManifestState } from '../core/ports/manifest.ts';
import type {
  AddedRun,
  Manifest,
  ManifestEdit,
  ManifestPosition,
  ManifestState,
  RunPage,
} from '../core/ports/manifest.ts';
import {
  corrupt,
  pageKeysOfRows,
  pageOfRow,
  rowOfRun,
  rowOfValueFile,
  runOfRow,
  valueFileOfRow,
} from './manifest-rows.ts';
import { MANIFEST_SCHEMA, MANIFEST_TABLES, MANIFEST_VERSION } from './manifest-schema.ts';
import type { PageRow, ReferenceRow, RunRow, StateRow, ValueFileRow } from './manifest-schema.ts';

/** What the manifest uses of a database of better-sqlite3. */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  pragma(source: string, options?: { readonly simple?: boolean }): unknown;
  transaction(work: () => void): { immediate(): void };
  /** The whole database as the bytes of a file. */
  serialize(): Uint8Array;
  /** Copies the database into a new file, step by step. */
  backup(path: string): Promise<unknown>;
  close(): unknown;
}

export interface SqliteStatement {
  get(...values: readonly unknown[]): unknown;
  all(...values: readonly unknown[]): unknown[];
  run(...values: readonly unknown[]): unknown;
}

export interface SqliteManifestOptions {
  /** Runs before anything is read: the place to set durability. */
  readonly beforeLoad?: (database: SqliteDatabase) => void;
  /** An edit counts as durable when this has resolved. Default: when the transaction has been committed. */
  readonly afterCommit?: (database: SqliteDatabase) => Promise<void>;
  /** The database as of the last edit that is durable: beside `afterCommit`, for when that finds no space. */
  readonly reopen?: () => Promise<SqliteDatabase>;
  /** Makes a durable copy under the path of a file that does not exist yet. No commit happens meanwhile. */
  readonly copyTo: (database: SqliteDatabase, path: string) => Promise<void>;
  /** Opens such a copy for reading. */
  readonly openCopy: (path: string) => Promise<SqliteManifest>;
}

export class SqliteManifest implements Manifest {
  #database: SqliteDatabase;
  readonly #options: SqliteManifestOptions;
  readonly #statements: Map<string, SqliteStatement> = new Map();
  #selectPage: SqliteStatement | undefined;
  #swept = false;
  /** Never rejects. */
  #copying: Promise<void> = Promise.resolve();

  /** Takes the database over: `close` closes it. */
  constructor(database: SqliteDatabase, options: SqliteManifestOptions) {
    this.#database = database;
    this.#options = options;
  }

  async load(): Promise<ManifestState> {
    return guarded(() => {
      this.#options.beforeLoad?.(this.#database);
      this.#prepareSchema();
      const state = this.#readState();
      this.#forgetRemovedRuns();
      return state;
    });
  }

  pageKeys(run: number): readonly Uint8Array[] {
    return guarded(() => {
      const [row] = this.#all<RunRow>('SELECT * FROM run WHERE number = ?', run);
      if (row === undefined) throw corrupt(`there is no run ${run}`);
      return pageKeysOfRows(row, this.#all('SELECT first_key FROM page WHERE run = ? ORDER BY page', run));
    });
  }

  page(run: number, page: number): RunPage {
    return guarded(() => {
      const sql = 'SELECT first_key, checksum, block_index, filter FROM page WHERE run = ? AND page = ?';
      this.#selectPage ??= this.#database.prepare(sql);
      const row = this.#selectPage.get(run, page) as PageRow | undefined;
      if (row === undefined) throw corrupt(`there is no page ${page} of run ${run}`);
      return pageOfRow(run, page, row);
    });
  }

  /** Waits for a copy under way, so that the copy is of one state. */
  async commit(edit: ManifestEdit): Promise<void> {
    await this.#copying;
    guarded(() => this.#database.transaction(() => this.#write(edit)).immediate());
    try {
      await this.#options.afterCommit?.(this.#database);
    } catch (error) {
      if (isDiskFull(error)) await this.#takeBack();
      throw error;
    }
    this.#swept = true;
  }

  async copyTo(path: string): Promise<void> {
    const copied = this.#options.copyTo(this.#database, path);
    this.#copying = copied.catch(() => undefined);
    await copied;
  }

  /** The whole of it as of the last commit, as the bytes of a file. */
  image(): Uint8Array {
    return guarded(() => this.#database.serialize());
  }

  openCopy(path: string): Promise<SqliteManifest> {
    return this.#options.openCopy(path);
  }

  async close(): Promise<void> {
    await this.#copying;
    guarded(() => this.#database.close());
  }

  /** To the database before the edit for which there was no space. */
  async #takeBack(): Promise<void> {
    const { reopen } = this.#options;
    if (reopen === undefined) return;
    const database = await reopen();
    this.#database.close();
    this.#database = database;
    this.#statements.clear();
    this.#selectPage = undefined;
    this.#prepareSchema();
  }

  #prepareSchema(): void {
    const version = this.#database.pragma('user_version', { simple: true });
    if (version !== 0 && version !== MANIFEST_VERSION) {
      const got = `${MANIFEST_FILE} has format version ${String(version)}`;
      throw new StorageError('UNSUPPORTED_FORMAT', `${got}, this engine reads version ${MANIFEST_VERSION}`);
    }
    const damage = this.#database.pragma('quick_check(1)', { simple: true });
    if (damage !== 'ok') throw corrupt(String(damage));
    if (version === 0) this.#createSchema();
    else this.#checkSchema();
  }

  /** SQLite keeps the text of each table as it was made, so that any change of it shows. */
  #checkSchema(): void {
    const tables = this.#all<{ readonly sql: unknown }>('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL');
    const changed = tables.find(({ sql }) => typeof sql !== 'string' || !MANIFEST_SCHEMA.includes(`${sql};`));
    if (changed !== undefined) throw corrupt(`it has a table that this engine never made: ${String(changed.sql)}`);
    if (tables.length !== MANIFEST_TABLES) throw corrupt(`it has ${tables.length} of ${MANIFEST_TABLES} tables`);
  }

  #createSchema(): void {
    const tables = this.#all('SELECT name FROM sqlite_schema');
    if (tables.length > 0) throw corrupt('it has tables, but no format version');
    this.#database.transaction(() => this.#database.exec(MANIFEST_SCHEMA)).immediate();
  }

  #readState(): ManifestState {
    const states = this.#all<StateRow>('SELECT * FROM state');
    const runRows = this.#runRows();
    const valueFileRows = this.#valueFileRows();
    const [state] = states;
    if (state === undefined && runRows.length === 0 && valueFileRows.length === 0) return emptyManifestState;
    if (state === undefined || states.length > 1) throw corrupt(`one row of state was expected, got ${states.length}`);
    const position: ManifestPosition = {
      flushedSequence: state.flushed_sequence,
      oldestSegment: state.oldest_segment,
      nextFileNumber: state.next_file_number,
    };
    if (checksumOfState(position, checksumsOf(runRows), checksumsOf(valueFileRows)) !== state.checksum) {
      throw corrupt('the state does not match its checksum');
    }
    const references = this.#references();
    const runs = runRows.map((row) => runOfRow(row, references.get(row.number) ?? []));
    runs.sort((left, right) => right.lastSequence - left.lastSequence);
    return { ...position, runs, valueFiles: valueFileRows.map(valueFileOfRow) };
  }

  /** Nobody has a run open that was removed before this opening. */
  #forgetRemovedRuns(): void {
    const removed = this.#all('SELECT DISTINCT run FROM page WHERE run NOT IN (SELECT number FROM run)');
    if (removed.length > 0) this.#run('DELETE FROM page WHERE run NOT IN (SELECT number FROM run)');
  }

  #runRows(): RunRow[] {
    return this.#all<RunRow>('SELECT * FROM run ORDER BY number');
  }

  #valueFileRows(): ValueFileRow[] {
    return this.#all<ValueFileRow>('SELECT * FROM value_file ORDER BY number');
  }

  #references(): Map<number, ReferenceRow[]> {
    const references = new Map<number, ReferenceRow[]>();
    for (const row of this.#all<ReferenceRow>('SELECT * FROM run_reference ORDER BY run, file')) {
      const rows = references.get(row.run);
      if (rows === undefined) references.set(row.run, [row]);
      else rows.push(row);
    }
    return references;
  }

  #write(edit: ManifestEdit): void {
    this.#sweepPages();
    for (const run of edit.removedRuns) {
      this.#run('DELETE FROM run WHERE number = ?', run);
      this.#run('DELETE FROM run_reference WHERE run = ?', run);
    }
    for (const run of edit.forgottenRuns) this.#run('DELETE FROM page WHERE run = ?', run);
    for (const file of edit.removedValueFiles) this.#run('DELETE FROM value_file WHERE number = ?', file);
    for (const added of edit.addedRuns) this.#insertRun(added);
    for (const file of edit.addedValueFiles ?? []) this.#insert('value_file', rowOfValueFile(file));
    const checksum = checksumOfState(edit, checksumsOf(this.#runRows()), checksumsOf(this.#valueFileRows()));
    const { flushedSequence, oldestSegment, nextFileNumber } = edit;
    const sql = 'INSERT OR REPLACE INTO state VALUES (1, ?, ?, ?, ?)';
    this.#run(sql, flushedSequence, oldestSegment, nextFileNumber, checksum);
  }

  /** Before the first edit: what earlier lives of the store removed, nobody reads any more. */
  #sweepPages(): void {
    if (this.#swept) return;
    this.#run('DELETE FROM page WHERE run NOT IN (SELECT number FROM run)');
  }

  #insertRun(added: AddedRun): void {
    const { number, references } = added.run;
    this.#insert('run', rowOfRun(added));
    for (const { file, values, bytes } of references) {
      this.#insert('run_reference', { run: number, file, value_count: values, value_bytes: bytes });
    }
    if (added.valueFile !== undefined) this.#insert('value_file', rowOfValueFile(added.valueFile));
    for (const [page, content] of added.pages.entries()) {
      const { firstKey: first_key, index: block_index, filter } = content;
      const checksum = checksumOfPage(number, page, content);
      this.#insert('page', { run: number, page, first_key, checksum, block_index, filter });
    }
  }

  #insert(table: string, row: object): void {
    const columns = Object.keys(row);
    const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
    const values: readonly unknown[] = Object.values(row);
    this.#run(sql, ...values);
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

function checksumsOf(rows: readonly { readonly checksum: number }[]): number[] {
  return rows.map((row) => row.checksum);
}

/** SQLite's errors in the engine's words; the rest as they are. */
function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw manifestError(cause);
  }
}

const damaged: ReadonlySet<string> = new Set(['SQLITE_NOTADB', 'SQLITE_ERROR', 'SQLITE_FORMAT']);

/** An error of SQLite in the engine's words; any other as it is. */
export function manifestError(cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (!code.startsWith('SQLITE_')) return cause;
  const message = cause instanceof Error ? cause.message : code;
  // What is asked is always the same, so an error in it is one of the schema that it is asked of.
  if (code.startsWith('SQLITE_CORRUPT') || damaged.has(code)) return corrupt(message, cause);
  const busy = code.startsWith('SQLITE_BUSY');
  if (busy) return new StorageError('LOCKED', `${MANIFEST_FILE} is locked by another process`, { cause });
  const full = code === 'SQLITE_FULL' ? 'DISK_FULL' : 'IO_ERROR';
  return new StorageError(full, `${MANIFEST_FILE}: ${message}`, { cause });
}
