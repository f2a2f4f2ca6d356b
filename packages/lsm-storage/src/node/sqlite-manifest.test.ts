import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { CrashableFileSystem, manifestContract, seededRandom } from '../contract/index.ts';
import type { AddedRun, ManifestEdit } from '../core/index.ts';
import { codeOf } from '../testing/store.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import { fileError } from './file-errors.ts';
import { makeDurable, openManifestFile } from './manifest-file.ts';
import { openManifestImage } from './manifest-image.ts';
import { SqliteManifest } from './sqlite-manifest.ts';
import type { SqliteDatabase } from './sqlite-manifest.ts';

manifestContract({ describe, it, expect }, async () => {
  const directory = await temporaryDirectory();
  const opened = async (name: string): Promise<SqliteManifest> => {
    return new SqliteManifest(new Database(join(directory.path, name)), {
      openCopy: opened,
      copyTo: async (database, path) => {
        await writeFile(join(directory.path, path), database.serialize(), { flag: 'wx' }).catch((cause: unknown) => {
          throw fileError(cause, 'copying');
        });
      },
    });
  };
  const subject = { open: () => opened('manifest.db'), openCopy: opened };
  return { subject, dispose: () => directory[Symbol.asyncDispose]() };
});

manifestContract({ describe, it, expect }, () => {
  const disk = new CrashableFileSystem();
  const open = (path?: string): Promise<SqliteManifest> => openManifestImage(disk, path);
  return { subject: { open: () => open(), openCopy: open } };
});

const RUN: AddedRun = {
  run: {
    number: 1,
    bytes: 100,
    footerChecksum: 7,
    entries: 3,
    tombstones: 1,
    ranges: 1,
    firstSequence: 1,
    lastSequence: 3,
    smallestKey: Uint8Array.of(1),
    largestKey: Uint8Array.of(9),
    earliestDeadline: 77,
    references: [{ file: 2, values: 1, bytes: 50 }],
  },
  pages: [{ firstKey: new Uint8Array(0), index: Uint8Array.of(1, 2, 3), filter: new Uint8Array(64) }],
  valueFile: { number: 2, bytes: 90, values: 1, footerChecksum: 8 },
};

function edit(changes: Partial<ManifestEdit>): ManifestEdit {
  const edited = { addedRuns: [RUN], removedRuns: [], removedValueFiles: [], forgottenRuns: [] };
  return { flushedSequence: 3, oldestSegment: 1, nextFileNumber: 3, ...edited, ...changes };
}

const refuse = (): Promise<never> => Promise.reject(new Error('no copies are made here'));
const noCopies = { copyTo: refuse, openCopy: refuse };

async function filled(): Promise<{ database: Database; manifest: SqliteManifest }> {
  const database = new Database(':memory:');
  const manifest = new SqliteManifest(database, noCopies);
  await manifest.load();
  await manifest.commit(edit({}));
  return { database, manifest };
}

describe('sqlite manifest', () => {
  it.each([
    ['a number of a run', 'UPDATE run SET last_sequence = 4'],
    ['a key of a run', "UPDATE run SET largest_key = x'08'"],
    ['the checksum of a run', 'UPDATE run SET checksum = checksum + 1'],
    ['a run that is gone', 'DELETE FROM run'],
    [
      'a run too many',
      `INSERT INTO run SELECT 2, bytes, 0, entries, 0, 0, 0, 0, smallest_key, largest_key, 0, 0, 0, 0 FROM run`,
    ],
    ['the end of the last range of a run', 'UPDATE run SET largest_key = NULL'],
    ['what a run points to', 'UPDATE run_reference SET value_bytes = 51'],
    ['what a run points to, gone', 'DELETE FROM run_reference'],
    ['a value file', 'UPDATE value_file SET value_count = 2'],
    ['a value file that is gone', 'DELETE FROM value_file'],
    ['a value file too many', 'INSERT INTO value_file SELECT 3, bytes, value_count, 0, 0 FROM value_file'],
    ['the position', 'UPDATE state SET flushed_sequence = 2'],
    ['the position, gone', 'DELETE FROM state'],
    ['the set of runs of another time', 'UPDATE state SET checksum = checksum + 1'],
  ])('refuses to load with %s changed', async (_, sql) => {
    const { database, manifest } = await filled();
    await manifest.load();
    database.exec(sql);
    expect(await codeOf(() => manifest.load())).toBe('CORRUPTION');
    await manifest.close();
  });

  it.each([
    ['a byte of its index', "UPDATE page SET block_index = x'010204'"],
    ['a byte of its filter', "UPDATE page SET filter = CAST(x'01' || substr(filter, 2) AS BLOB)"],
    [
      'a byte moved from index to filter',
      "UPDATE page SET block_index = x'0102', filter = CAST(x'03' || filter AS BLOB)",
    ],
    ['its first key', "UPDATE page SET first_key = x'00'"],
    ['its number', 'UPDATE page SET page = 1'],
    ['all of it gone', 'DELETE FROM page'],
  ])('refuses a page with %s changed', async (_, sql) => {
    const { database, manifest } = await filled();
    expect(manifest.page(1, 0)).toEqual(RUN.pages[0]);
    database.exec(sql);
    expect(await codeOf(() => manifest.page(1, 0))).toBe('CORRUPTION');
    await manifest.close();
  });

  it.each([
    ['one of them', "UPDATE page SET first_key = x'00'"],
    ['one of them gone', 'DELETE FROM page'],
    ['one too many', "INSERT INTO page VALUES (1, 1, x'05', 0, x'', x'')"],
  ])('refuses the keys of pages with %s changed', async (_, sql) => {
    const { database, manifest } = await filled();
    expect(manifest.pageKeys(1)).toEqual([new Uint8Array(0)]);
    database.exec(sql);
    expect(await codeOf(() => manifest.pageKeys(1))).toBe('CORRUPTION');
    await manifest.close();
  });

  it('refuses another version, and a database of somebody else', async () => {
    const { database, manifest } = await filled();
    for (const version of [1, 3]) {
      database.pragma(`user_version = ${version}`);
      const message = `manifest.db has format version ${version}, this engine reads version 2`;
      await expect(manifest.load()).rejects.toMatchObject({ code: 'UNSUPPORTED_FORMAT', message });
    }
    await manifest.close();
    const foreign = new Database(':memory:');
    foreign.exec('CREATE TABLE theirs (x)');
    expect(await codeOf(() => new SqliteManifest(foreign, noCopies).load())).toBe('CORRUPTION');
  });

  it('says so when another connection holds the database', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'manifest.db');
    const options = {
      ...noCopies,
      beforeLoad: (database: SqliteDatabase) => void database.pragma('locking_mode = EXCLUSIVE'),
    };
    const holder = new SqliteManifest(new Database(path, { timeout: 0 }), options);
    await holder.load();
    await holder.commit(edit({}));
    const second = new SqliteManifest(new Database(path, { timeout: 0 }), options);
    expect(await codeOf(() => second.load())).toBe('LOCKED');
    await second.close();
    await holder.close();
  });
});

describe('manifest file', () => {
  it('copies itself while it is read, and waits with the next edit', async () => {
    await using directory = await temporaryDirectory();
    await mkdir(join(directory.path, 'copy'));
    const manifest = openManifestFile(directory.path);
    await manifest.load();
    const filter = new Uint8Array(16 * 1024);
    const pages = Array.from({ length: 40 }, () => ({ firstKey: Uint8Array.of(), index: Uint8Array.of(1), filter }));
    await manifest.commit(edit({ addedRuns: [{ ...RUN, pages }] }));
    const before = await manifest.load();
    const copying = manifest.copyTo('copy/manifest.db');
    const committing = manifest.commit(edit({ addedRuns: [], removedRuns: [1], flushedSequence: 4 }));
    expect(manifest.page(1, 39)).toEqual(pages[39]);
    await copying;
    await committing;
    expect((await manifest.load()).runs).toEqual([]);
    expect(await codeOf(() => manifest.copyTo('copy/manifest.db'))).toBe('ALREADY_EXISTS');
    await manifest.close();
    const copy = openManifestFile(join(directory.path, 'copy'));
    expect(await copy.load()).toEqual(before);
    expect(copy.page(1, 39)).toEqual(pages[39]);
    await copy.close();
  });

  it('syncs every commit, in write-ahead mode', async () => {
    await using directory = await temporaryDirectory();
    const database = new Database(join(directory.path, 'manifest.db'));
    makeDurable(database);
    const FULL = 2;
    expect(database.pragma('synchronous', { simple: true })).toBe(FULL);
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(database.pragma('locking_mode', { simple: true })).toBe('exclusive');
    database.close();
  });

  it('cannot be where there is no directory', async () => {
    await using directory = await temporaryDirectory();
    expect(await codeOf(() => openManifestFile(join(directory.path, 'missing')))).toBe('IO_ERROR');
  });
});

describe('manifest image', () => {
  it('is, after power is lost at any call, the state before an edit or after it', async () => {
    const base = new CrashableFileSystem();
    const first = await openManifestImage(base);
    await first.load();
    await first.commit(edit({}));
    const seen = new Set<number>();
    for (let crashAt = 1; crashAt <= 6; crashAt++) {
      for (let seed = 0; seed < 10; seed++) {
        const disk = base.clone();
        const manifest = await openManifestImage(disk);
        await manifest.load();
        let calls = 0;
        disk.observe(() => (++calls === crashAt ? 'power-loss' : undefined));
        const later = edit({ addedRuns: [], flushedSequence: 9 });
        const committed = (await codeOf(() => manifest.commit(later))) === undefined;
        const found = await openManifestImage(disk.afterPowerLoss(seededRandom(seed)));
        const { flushedSequence } = await found.load();
        if (committed) expect(flushedSequence).toBe(9);
        seen.add(flushedSequence);
      }
    }
    expect([...seen].sort()).toEqual([3, 9]);
  });

  it('refuses an image that is none', async () => {
    const disk = new CrashableFileSystem();
    disk.place('manifest.db', new Uint8Array(5000).fill(3));
    const opening = async (): Promise<unknown> => (await openManifestImage(disk)).load();
    expect(await codeOf(opening)).toBe('CORRUPTION');
  });
});
