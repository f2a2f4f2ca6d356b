/** The tables of the manifest, drawn in docs/formats/manifest.md. */

export const MANIFEST_VERSION = 1;

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
    number          INTEGER PRIMARY KEY,
    bytes           INTEGER NOT NULL,
    footer_checksum INTEGER NOT NULL,
    entries         INTEGER NOT NULL,
    tombstones      INTEGER NOT NULL,
    first_sequence  INTEGER NOT NULL,
    last_sequence   INTEGER NOT NULL,
    smallest_key    BLOB NOT NULL,
    largest_key     BLOB NOT NULL,
    index_pages     INTEGER NOT NULL,
    filter_pages    INTEGER NOT NULL,
    checksum        INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE index_page (
    run      INTEGER NOT NULL,
    page     INTEGER NOT NULL,
    bytes    BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (run, page)
  ) STRICT;
  CREATE TABLE filter_page (
    run      INTEGER NOT NULL,
    page     INTEGER NOT NULL,
    bytes    BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (run, page)
  ) STRICT;
`;

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
  readonly first_sequence: number;
  readonly last_sequence: number;
  readonly smallest_key: Uint8Array;
  readonly largest_key: Uint8Array;
  readonly index_pages: number;
  readonly filter_pages: number;
  readonly checksum: number;
}

export interface PageRow {
  readonly page: number;
  readonly bytes: Uint8Array;
  readonly checksum: number;
}
