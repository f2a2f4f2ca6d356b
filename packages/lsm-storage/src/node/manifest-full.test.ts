/** What SQLite does when a commit finds no space: nothing, so that it can be tried again. */

import Database from 'better-sqlite3';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ManifestEdit } from '../core/index.ts';
import { makeDurable } from './manifest-file.ts';
import { SqliteManifest } from './sqlite-manifest.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

function edit(number: number, pageBytes: number): ManifestEdit {
  const page = { firstKey: new Uint8Array(0), index: new Uint8Array(pageBytes), filter: new Uint8Array(32) };
  const run = {
    number,
    bytes: 1000,
    footerChecksum: 1,
    entries: 10,
    tombstones: 0,
    ranges: 0,
    firstSequence: number,
    lastSequence: number,
    smallestKey: Uint8Array.of(1),
    largestKey: Uint8Array.of(2),
    earliestDeadline: 0,
    references: [],
  };
  return {
    flushedSequence: number,
    oldestSegment: 1,
    nextFileNumber: number + 1,
    addedRuns: [{ run, pages: [page], valueFile: undefined }],
    removedRuns: [],
    removedValueFiles: [],
    forgottenRuns: [],
  };
}

describe('a manifest without space', () => {
  it('fails with DISK_FULL, is as it was, and takes the edit when there is space', async () => {
    await using directory = await temporaryDirectory();
    const database = new Database(join(directory.path, 'manifest.db'));
    const refuse = (): never => {
      throw new Error('nothing is copied here');
    };
    const manifest = new SqliteManifest(database, { beforeLoad: makeDurable, copyTo: refuse, openCopy: refuse });
    await manifest.load();
    await manifest.commit(edit(1, 100));
    const before = await manifest.load();
    const pages = Number(database.pragma('page_count', { simple: true }));
    database.pragma(`max_page_count = ${pages + 2}`);
    await expect(manifest.commit(edit(2, 1_000_000))).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await manifest.load()).toEqual(before);
    expect(manifest.page(1, 0).index).toHaveLength(100);
    database.pragma(`max_page_count = ${pages + 2000}`);
    await manifest.commit(edit(2, 1_000_000));
    expect((await manifest.load()).runs.map(({ number }) => number)).toEqual([2, 1]);
    expect(manifest.page(2, 0).index).toHaveLength(1_000_000);
    await manifest.close();
  });
});
