/** Verification, checkpoints, repair and reading on a real disk, with SQLite's own files. */

import { spawn } from 'node:child_process';
import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { writeRound } from '../testing/care.ts';
import { bytes, codeOf, contentsOf } from '../testing/store.ts';
import { openStorage } from './open-storage.ts';
import { repairStorage } from './repair-storage.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const WRITER = join(import.meta.dirname, 'testing/writing-process.ts');
const OPTIONS = { blockBytes: 512, separateBytes: 200 };

async function fill(directory: string): Promise<Map<string, string>> {
  const contents = new Map<string, string>();
  const engine = await openStorage(directory, OPTIONS);
  for (let round = 0; round < 3; round++) {
    await writeRound(engine, round, contents);
    await engine.flush();
  }
  await writeRound(engine, 3, contents);
  await engine.close();
  return contents;
}

async function contentsIn(directory: string, readOnly = false): Promise<Map<string, string>> {
  const engine = await openStorage(directory, { ...OPTIONS, readOnly });
  const contents = contentsOf(engine);
  expect((await engine.verify()).damage).toEqual([]);
  await engine.close();
  return contents;
}

async function filesIn(directory: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const name of await readdir(directory)) files.set(name, await readFile(join(directory, name)));
  return files;
}

async function snapshotsLeft(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('kv-manifest-'));
}

describe('checkpoint on a disk', { timeout: 60_000 }, () => {
  it('shares files, opens as a store of its own, and outlives the original', async () => {
    await using directory = await temporaryDirectory();
    const contents = await fill(directory.path);
    const engine = await openStorage(directory.path, OPTIONS);
    const { path, runs } = await engine.checkpoint('monday');
    const place = join(directory.path, path);
    const names = await readdir(place);
    expect(names.filter((name) => !/^\d{10}\.(run|values|log)$/.test(name))).toEqual(['manifest.db']);
    expect(names.filter((name) => name.endsWith('.run'))).toHaveLength(runs);
    for (const name of names.filter((each) => /run|values/.test(each))) {
      expect((await stat(join(place, name))).ino).toBe((await stat(join(directory.path, name))).ino);
    }
    await engine.deleteRange(bytes(''), undefined);
    await engine.compact();
    expect(await codeOf(() => engine.checkpoint('monday'))).toBe('ALREADY_EXISTS');
    await engine.close();
    expect(await contentsIn(place, true)).toEqual(contents);
    expect(await contentsIn(place)).toEqual(contents);
    expect((await contentsIn(directory.path)).size).toBe(0);
  });
});

describe('repair on a disk', { timeout: 60_000 }, () => {
  it('makes a lost or damaged manifest again, and keeps the old one with its log', async () => {
    await using directory = await temporaryDirectory();
    const contents = await fill(directory.path);
    const manifest = join(directory.path, 'manifest.db');
    await writeFile(manifest, 'no database at all');
    await writeFile(`${manifest}-wal`, 'nor its log');
    expect(await codeOf(() => openStorage(directory.path))).toBe('CORRUPTION');
    await writeFile(`${manifest}-wal`, 'nor its log');
    const report = await repairStorage(directory.path);
    expect(report).toMatchObject({ runs: 3, entriesDropped: 0 });
    expect(report.lostFiles).toEqual(['manifest.db.1.lost', 'manifest.db.1.lost-wal']);
    expect(await readFile(join(directory.path, 'manifest.db.1.lost'), 'utf8')).toBe('no database at all');
    expect(await readdir(directory.path)).not.toContain('manifest.db-wal');
    expect(await contentsIn(directory.path)).toEqual(contents);
    await rm(manifest);
    await repairStorage(directory.path);
    expect(await contentsIn(directory.path)).toEqual(contents);
    expect(await codeOf(() => repairStorage(join(directory.path, 'missing')))).toBe('NOT_FOUND');
  });
});

describe('reading a store on a disk', { timeout: 60_000 }, () => {
  it('changes no file, and needs one that is there', async () => {
    await using directory = await temporaryDirectory();
    expect(await codeOf(() => openStorage(directory.path, { readOnly: true }))).toBe('NOT_FOUND');
    expect(await codeOf(() => openStorage(join(directory.path, 'a'), { readOnly: true }))).toBe('NOT_FOUND');
    expect(await readdir(directory.path)).toEqual([]);
    const contents = await fill(directory.path);
    const [before, left] = [await filesIn(directory.path), await snapshotsLeft()];
    expect(await contentsIn(directory.path, true)).toEqual(contents);
    expect(await filesIn(directory.path)).toEqual(before);
    expect(await snapshotsLeft()).toEqual(left);
  });

  it('sees what another engine here has open, with what its manifest has only in its own log', async () => {
    await using directory = await temporaryDirectory();
    const contents = await fill(directory.path);
    const engine = await openStorage(directory.path, OPTIONS);
    await writeRound(engine, 5, contents);
    await engine.compact();
    expect((await stat(join(directory.path, 'manifest.db-wal'))).size).toBeGreaterThan(0);
    const reading = await openStorage(directory.path, { ...OPTIONS, readOnly: true });
    const before = new Map(contents);
    await writeRound(engine, 1, contents);
    await engine.compact();
    expect(contentsOf(reading)).toEqual(before);
    expect((await reading.verify()).damage).toEqual([]);
    await reading.close();
    expect(contentsOf(engine)).toEqual(contents);
    await engine.close();
  });

  it('sees at each opening all that a writing process had acknowledged by then', async () => {
    await using directory = await temporaryDirectory();
    const writer = spawn(process.execPath, ['--import', 'tsx', WRITER, directory.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let acknowledged = -1;
    const lines = createInterface({ input: writer.stdout });
    const begun = new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        if (line === 'open') return;
        acknowledged = Number(line);
        resolve();
      });
    });
    const ended = new Promise<void>((resolve) => writer.on('exit', () => resolve()));
    await using _ = {
      [Symbol.asyncDispose]: async () => {
        writer.kill('SIGKILL');
        await ended;
      },
    };
    await Promise.race([begun, ended.then(() => Promise.reject(new Error('the writer ended')))]);
    // Long enough for flushes and compactions to come between.
    let openings = 0;
    for (; acknowledged < 300; openings++) {
      const known = acknowledged;
      const engine = await openStorage(directory.path, { readOnly: true });
      const keys = [...engine.scanMeta()].map(({ key }) => Number(Buffer.from(key).toString().slice(3)));
      await engine.close();
      expect(keys).toEqual(keys.map((_, i) => i));
      expect(keys.length).toBeGreaterThan(known);
    }
    expect(openings).toBeGreaterThan(2);
  });
});
