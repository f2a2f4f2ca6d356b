/**
 * Damage to the manifest as SQLite keeps it, its write-ahead log included: without that the manifest is an earlier one,
 * and looks sound. Whichever it is, the store is refused or whole, and no file that the manifest forgot is destroyed.
 */

import { copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../contract/index.ts';
import { StorageError, inlineJobs } from '../core/index.ts';
import type { RecoveryMode } from '../core/index.ts';
import { bytes, contentsOf } from '../testing/store.ts';
import { openStorage } from './open-storage.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const OPTIONS = { jobs: inlineJobs, separateBytes: 100 };
const FLUSHES = 4;

/** A copy of a store as it lies on the disk while it is open, after some flushes and nothing in the log since. */
async function makeCrashed(directory: string, into: string): Promise<Map<string, string>> {
  const engine = await openStorage(directory, OPTIONS);
  for (let i = 0; i < 20 * FLUSHES; i++) {
    await engine.put(bytes(`key${(i * 7) % 50}`), bytes(`value ${i} `.repeat(i % 30)));
    if (i % 20 === 19) await engine.flush();
  }
  await engine.settled();
  await copyFiles(directory, into);
  const contents = contentsOf(engine);
  await engine.close();
  return contents;
}

async function copyFiles(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) if (name !== 'LOCK') await copyFile(join(from, name), join(to, name));
}

type Harm = (path: string, random: () => number) => Promise<void>;

const remove: Harm = (path) => rm(path);
const cut: Harm = async (path, random) => {
  const contents = await readFile(path);
  await writeFile(path, contents.subarray(0, Math.floor(random() * contents.length)));
};
const flipBit: Harm = async (path, random) => {
  const contents = await readFile(path);
  const bit = Math.floor(random() * contents.length * 8);
  contents[bit >> 3] = (contents[bit >> 3] as number) ^ (1 << (bit & 7));
  await writeFile(path, contents);
};

/** Of files, what they hold; of those that were set aside too, under whatever name. */
async function runsIn(directory: string): Promise<Set<string>> {
  const found = new Set<string>();
  for (const name of await readdir(directory)) {
    if (/\.(?:run|values)(?:\.\d+\.lost)?$/.test(name)) found.add(await readFile(join(directory, name), 'latin1'));
  }
  return found;
}

describe('damage to the manifest on a disk', { timeout: 60_000 }, () => {
  it.each<[RecoveryMode, string]>([
    ['tolerate-tail', 'manifest.db'],
    ['tolerate-tail', 'manifest.db-wal'],
    ['point-in-time', 'manifest.db'],
    ['point-in-time', 'manifest.db-wal'],
  ])('%s: of %s is refused or does no harm, and loses no run', async (recovery, file) => {
    await using directory = await temporaryDirectory();
    const crashed = join(directory.path, 'crashed');
    const contents = await makeCrashed(join(directory.path, 'store'), crashed);
    const files = await runsIn(crashed);
    expect(files.size).toBeGreaterThan(1);
    const random = seededRandom(7);
    let refused = 0;
    for (const [i, harm] of [remove, ...new Array<Harm>(8).fill(cut), ...new Array<Harm>(8).fill(flipBit)].entries()) {
      const harmed = join(directory.path, `harmed-${i}`);
      await copyFiles(crashed, harmed);
      await harm(join(harmed, file), random);
      try {
        const engine = await openStorage(harmed, { ...OPTIONS, recovery });
        if (engine.recovery.stoppedAt === undefined) expect(contentsOf(engine), `harm ${i}`).toEqual(contents);
        await engine.close();
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        expect(['CORRUPTION', 'UNSUPPORTED_FORMAT', 'NOT_FOUND']).toContain(error.code);
        refused++;
      }
      const left = await runsIn(harmed);
      expect([...files].filter((each) => !left.has(each)).length, `harm ${i}`).toBe(0);
    }
    expect(refused).toBeGreaterThan(0);
  });

  it('in the name of a column is refused or does no harm, whichever it is', async () => {
    await using directory = await temporaryDirectory();
    const store = join(directory.path, 'store');
    const contents = await makeCrashed(store, join(directory.path, 'crashed'));
    const manifest = join(store, 'manifest.db');
    const whole = await readFile(manifest);
    const tables = ['state', 'run', 'run_reference', 'value_file', 'page'];
    let refused = 0;
    for (const table of tables) {
      for (const column of columnsOf(manifest, table)) {
        const database = new Database(manifest);
        database.exec(`ALTER TABLE ${table} RENAME COLUMN ${column} TO ${column}_`);
        database.close();
        try {
          await using opened = await openStorage(store, { ...OPTIONS, readOnly: true });
          expect(contentsOf(opened)).toEqual(contents);
        } catch (error) {
          expect(error, `${table}.${column}`).toBeInstanceOf(StorageError);
          refused++;
        }
        await writeFile(manifest, whole);
      }
    }
    expect(refused).toBeGreaterThan(20);
    await (await openStorage(store, OPTIONS)).close();
  });
});

function columnsOf(manifest: string, table: string): string[] {
  const database = new Database(manifest);
  const columns = database.pragma(`table_info(${table})`) as { readonly name: string }[];
  database.close();
  return columns.map(({ name }) => name);
}
