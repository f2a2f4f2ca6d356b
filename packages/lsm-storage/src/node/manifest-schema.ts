/** The tables of the manifest, drawn in docs/formats/manifest.md. */

export const MANIFEST_VERSION = 2;

/** "kvlm": says of a SQLite file whose it is. */
const APPLICATION_ID = 0x6b766c6d;

export const MANIFEST_SCHEMA: string = `
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${MANIFEST_VERSION};
  CREATE TABLE state (
    id               INTEGER PRIMARY KEY CHECK (id = 1),
    flushed_sequence INTEGER NOT NULL,
    oldest_segment   INTEGER NOT NULL,
    next_file_number INTEGER NOT NULL,
    checksum         INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE run (
    number            INTEGER PRIMARY KEY,
    bytes             INTEGER NOT NULL,
    footer_checksum   INTEGER NOT NULL,
    entries           INTEGER NOT NULL,
    tombstones        INTEGER NOT NULL,
    ranges            INTEGER NOT NULL,
    first_sequence    INTEGER NOT NULL,
    last_sequence     INTEGER NOT NULL,
    smallest_key      BLOB NOT NULL,
    largest_key       BLOB,
    earliest_deadline INTEGER NOT NULL,
    pages             INTEGER NOT NULL,
    page_keys         INTEGER NOT NULL,
    checksum          INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE run_reference (
    run          INTEGER NOT NULL,
    file         INTEGER NOT NULL,
    value_count  INTEGER NOT NULL,
    value_bytes  INTEGER NOT NULL,
    PRIMARY KEY (run, file)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE value_file (
    number          INTEGER PRIMARY KEY,
    bytes           INTEGER NOT NULL,
    value_count     INTEGER NOT NULL,
    footer_checksum INTEGER NOT NULL,
    checksum        INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE page (
    run         INTEGER NOT NULL,
    page        INTEGER NOT NULL,
    first_key   BLOB NOT NULL,
    checksum    INTEGER NOT NULL,
    block_index BLOB NOT NULL,
    filter      BLOB NOT NULL,
    PRIMARY KEY (run, page)
  ) STRICT;
`;

/** How many tables that makes. */
export const MANIFEST_TABLES: number = MANIFEST_SCHEMA.split('CREATE TABLE').length - 1;

export interface StateRow {
  readonly flushed_sequence: number;
  readonly oldest_segment: number;
  readonly next_file_number: number;
  readonly checksum: number;
}

export interface RunRow {
  readonly number: number;
  readonly bytes: number;
  readonly footer_checksum: number;
  readonly entries: number;
  readonly tombstones: number;
  readonly ranges: number;
  readonly first_sequence: number;
  readonly last_sequence: number;
  readonly smallest_key: Uint8Array;
  readonly largest_key: Uint8Array | null;
  readonly earliest_deadline: number;
  readonly pages: number;
  /** The checksum of the first keys of the pages. */
  readonly page_keys: number;
  readonly checksum: number;
}

export interface ReferenceRow {
  readonly run: number;
  readonly file: number;
  readonly value_count: number;
  readonly value_bytes: number;
}

export interface ValueFileRow {
  readonly number: number;
  readonly bytes: number;
  readonly value_count: number;
  readonly footer_checksum: number;
  readonly checksum: number;
}

export interface PageRow {
  readonly first_key: Uint8Array;
  readonly checksum: number;
  readonly block_index: Uint8Array;
  readonly filter: Uint8Array;
}
