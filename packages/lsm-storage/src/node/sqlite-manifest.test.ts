import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { CrashableFileSystem, manifestContract, seededRandom } from '../contract/index.ts';
import type { AddedRun, ManifestEdit } from '../core/index.ts';
import { codeOf } from '../testing/store.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import { makeDurable, openManifestFile } from './manifest-file.ts';
import { openManifestImage } from './manifest-image.ts';
import { SqliteManifest } from './sqlite-manifest.ts';
import type { SqliteDatabase } from './sqlite-manifest.ts';

manifestContract({ describe, it, expect }, async () => {
  const directory = await temporaryDirectory();
  const path = join(directory.path, 'manifest.db');
  const subject = { open: async () => new SqliteManifest(new Database(path)) };
  return { subject, dispose: () => directory[Symbol.asyncDispose]() };
});

manifestContract({ describe, it, expect }, () => {
  const disk = new CrashableFileSystem();
  return { subject: { open: () => openManifestImage(disk) } };
});

const RUN: AddedRun = {
  run: {
    number: 1,
    bytes: 100,
    footerChecksum: 7,
    entries: 3,
    tombstones: 1,
    firstSequence: 1,
    lastSequence: 3,
    smallestKey: Uint8Array.of(1),
    largestKey: Uint8Array.of(9),
  },
  pages: { index: [Uint8Array.of(1, 2, 3)], filter: [new Uint8Array(64)] },
};

function edit(changes: Partial<ManifestEdit>): ManifestEdit {
  return { flushedSequence: 3, oldestSegment: 1, nextFileNumber: 2, addedRuns: [RUN], removedRuns: [], ...changes };
}

async function filled(): Promise<{ database: Database; manifest: SqliteManifest }> {
  const database = new Database(':memory:');
  const manifest = new SqliteManifest(database);
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
    ['a run too many', 'INSERT INTO run SELECT 2, bytes, 0, 0, 0, 0, 0, smallest_key, largest_key, 0, 0, 0 FROM run'],
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
    ['a byte of a page', "UPDATE index_page SET bytes = x'010204'"],
    ['a page that is gone', 'DELETE FROM filter_page'],
    ['the number of a page', 'UPDATE index_page SET page = 1'],
  ])('refuses to load pages with %s changed', async (_, sql) => {
    const { database, manifest } = await filled();
    await manifest.loadPages(1);
    database.exec(sql);
    expect(await codeOf(() => manifest.loadPages(1))).toBe('CORRUPTION');
    expect(await codeOf(() => manifest.loadPages(5))).toBe('CORRUPTION');
    await manifest.close();
  });

  it('refuses a newer version, and a database of somebody else', async () => {
    const { database, manifest } = await filled();
    database.pragma('user_version = 2');
    expect(await codeOf(() => manifest.load())).toBe('UNSUPPORTED_FORMAT');
    await manifest.close();
    const foreign = new Database(':memory:');
    foreign.exec('CREATE TABLE theirs (x)');
    expect(await codeOf(() => new SqliteManifest(foreign).load())).toBe('CORRUPTION');
  });

  it('says so when another connection holds the database', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'manifest.db');
    const options = { beforeLoad: (database: SqliteDatabase) => void database.pragma('locking_mode = EXCLUSIVE') };
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
