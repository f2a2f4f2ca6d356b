/** What SQLite does when a commit finds no space: nothing, so that it can be tried again. */

import Database from 'better-sqlite3';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeDurable } from './manifest-file.ts';
import { SqliteManifest } from './sqlite-manifest.ts';
import { edit } from './testing/manifest-edit.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

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
