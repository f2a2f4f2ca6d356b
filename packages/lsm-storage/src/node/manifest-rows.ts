/** The words of the manifest as rows of its tables, and back; what comes back is checked. */

import { CorruptionError } from '../core/errors.ts';
import { MANIFEST_FILE } from '../core/file-names.ts';
import {
  checksumOfPage,
  checksumOfPageKeys,
  checksumOfRun,
  checksumOfValueFile,
} from '../core/manifest/manifest-checksum.ts';
import type { AddedRun, RunDescription, RunPage, ValueFileDescription } from '../core/ports/manifest.ts';
import type { PageRow, ReferenceRow, RunRow, ValueFileRow } from './manifest-schema.ts';

export function corrupt(what: string, cause?: unknown): CorruptionError {
  return new CorruptionError(MANIFEST_FILE, 0, what, { cause });
}

export function rowOfRun({ run, pages }: AddedRun): RunRow {
  const pageKeys = checksumOfPageKeys(pages.map((page) => page.firstKey));
  return {
    number: run.number,
    bytes: run.bytes,
    footer_checksum: run.footerChecksum,
    entries: run.entries,
    tombstones: run.tombstones,
    ranges: run.ranges,
    first_sequence: run.firstSequence,
    last_sequence: run.lastSequence,
    smallest_key: run.smallestKey,
    largest_key: run.largestKey ?? null,
    earliest_deadline: run.earliestDeadline,
    pages: pages.length,
    page_keys: pageKeys,
    checksum: checksumOfRun(run, pages.length, pageKeys),
  };
}

/** `references`: the rows of this run, ascending by file. */
export function runOfRow(row: RunRow, references: readonly ReferenceRow[]): RunDescription {
  const { smallest_key: smallest, largest_key: largest, ...numbers } = row;
  assertNumbers('run', numbers);
  const run: RunDescription = {
    number: row.number,
    bytes: row.bytes,
    footerChecksum: row.footer_checksum,
    entries: row.entries,
    tombstones: row.tombstones,
    ranges: row.ranges,
    firstSequence: row.first_sequence,
    lastSequence: row.last_sequence,
    smallestKey: plain(smallest),
    largestKey: largest === null ? undefined : plain(largest),
    earliestDeadline: row.earliest_deadline,
    references: references.map(({ file, value_count, value_bytes }) => {
      return { file, values: value_count, bytes: value_bytes };
    }),
  };
  if (checksumOfRun(run, row.pages, row.page_keys) === row.checksum) return run;
  throw corrupt(`run ${row.number} does not match its checksum`);
}

export function rowOfValueFile(file: ValueFileDescription): ValueFileRow {
  const { number, bytes, values, footerChecksum } = file;
  return {
    number,
    bytes,
    value_count: values,
    footer_checksum: footerChecksum,
    checksum: checksumOfValueFile(file),
  };
}

export function valueFileOfRow(row: ValueFileRow): ValueFileDescription {
  assertNumbers('value file', row);
  const { number, bytes, value_count: values, footer_checksum: footerChecksum } = row;
  const file = { number, bytes, values, footerChecksum };
  if (checksumOfValueFile(file) === row.checksum) return file;
  throw corrupt(`value file ${number} does not match its checksum`);
}

export function pageOfRow(run: number, page: number, row: PageRow): RunPage {
  const found = { firstKey: plain(row.first_key), index: plain(row.block_index), filter: plain(row.filter) };
  if (checksumOfPage(run, page, found) === row.checksum) return found;
  throw corrupt(`page ${page} of run ${run} does not match its checksum`);
}

export function pageKeysOfRows(run: RunRow, rows: readonly Pick<PageRow, 'first_key'>[]): Uint8Array[] {
  const keys = rows.map((row) => plain(row.first_key));
  if (keys.length !== run.pages) throw corrupt(`run ${run.number} has ${keys.length} of ${run.pages} pages`);
  if (checksumOfPageKeys(keys) === run.page_keys) return keys;
  throw corrupt(`the pages of run ${run.number} do not match their checksum`);
}

/** Where the schema is damaged, a column may go by another name, or hold what it should not. */
function assertNumbers(what: string, row: object): void {
  for (const [column, value] of Object.entries(row)) {
    if (typeof value !== 'number') throw corrupt(`column ${column} of a ${what} holds no number`);
  }
}

/** SQLite hands out a `Buffer` of its own memory; a plain view of it keeps readers monomorphic. */
function plain(bytes: Uint8Array): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw corrupt('a row lacks bytes');
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
