/**
 * The kernel's lock on the manifest, which keeps other processes out where the lock file cannot: it belongs to the
 * process, and goes when that closes the file, however it had opened it. Reading beside oneself must not do so.
 */

import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { bytes, codeOf, contentsOf, valueAt } from '../testing/store.ts';
import { acquireLockFile, whileUnheldHere } from './lock-file.ts';
import { inlineJobs } from './index.ts';
import { openStorage } from './open-storage.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const OPTIONS = { jobs: inlineJobs };

/** What SQLite tells another process that wants to read the manifest. */
async function openElsewhere(directory: string): Promise<string> {
  const script = `
    const Database = require('better-sqlite3');
    try {
      const database = new Database(process.argv[1], { timeout: 0 });
      database.prepare('SELECT count(*) FROM run').get();
      console.log('let in');
    } catch (error) {
      console.log(error.code);
    }`;
  const args = ['-e', script, join(directory, 'manifest.db')];
  return (await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })).stdout.trim();
}

describe('the lock on the manifest', { timeout: 60_000 }, () => {
  it('keeps other processes out while the store is open, also after this one has opened it for reading', async () => {
    await using directory = await temporaryDirectory();
    const store = join(directory.path, 'store');
    const engine = await openStorage(store, OPTIONS);
    await engine.put(bytes('a'), bytes('in a run'));
    await engine.flush();
    await engine.put(bytes('b'), bytes('in the log'));
    await symlink(store, join(directory.path, 'other'));
    expect(await openElsewhere(store)).toBe('SQLITE_BUSY');
    for (const path of [store, join(directory.path, 'other')]) {
      const reading = await openStorage(path, { ...OPTIONS, readOnly: true });
      expect([valueAt(reading, 'a'), valueAt(reading, 'b')]).toEqual(['in a run', 'in the log']);
      expect(await openElsewhere(store)).toBe('SQLITE_BUSY');
      await reading.close();
      expect(await openElsewhere(store)).toBe('SQLITE_BUSY');
    }
    await engine.put(bytes('c'), bytes('later'));
    await engine.flush();
    await engine.close();
    expect(await openElsewhere(store)).toBe('let in');
    expect(contentsOf(await openStorage(store, { ...OPTIONS, readOnly: true })).size).toBe(3);
  });

  it('is there when an opening for reading and one for writing come at once', async () => {
    await using directory = await temporaryDirectory();
    await (await openStorage(directory.path, OPTIONS)).close();
    for (let round = 0; round < 5; round++) {
      const reading = openStorage(directory.path, { ...OPTIONS, readOnly: true });
      // What comes while the other is about to open may be refused, and says so.
      const refusal = codeOf(() => reading);
      for (let turn = 0; turn < round; turn++) await new Promise(setImmediate);
      const engine = await openStorage(directory.path, OPTIONS);
      const code = await refusal;
      expect([undefined, 'LOCKED']).toContain(code);
      if (code === undefined) await (await reading).close();
      expect(await openElsewhere(directory.path)).toBe('SQLITE_BUSY');
      await engine.close();
    }
  });

  it.runIf(process.platform === 'linux')('refuses reading where another thread of this process writes', async () => {
    await using directory = await temporaryDirectory();
    await (await openStorage(directory.path, OPTIONS)).close();
    const path = join(directory.path, 'LOCK');
    const lock = await acquireLockFile(path);
    const holder = JSON.parse(await readFile(path, 'utf8')) as { thread: number; started: string };
    await lock.release();
    await writeFile(path, JSON.stringify({ ...holder, thread: holder.thread + 1 }));
    await expect(openStorage(directory.path, { ...OPTIONS, readOnly: true })).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining('another thread of this process') as string,
    });
    // An earlier process that had the same id is none of its threads.
    await writeFile(path, JSON.stringify({ ...holder, thread: holder.thread + 1, started: '1' }));
    await (await openStorage(directory.path, { ...OPTIONS, readOnly: true })).close();
    await rm(path);
  });
});

describe('work that is done where this thread does not hold the lock', () => {
  it('is waited for by whoever wants the lock, and is not begun while it is held', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'store', 'LOCK');
    await mkdir(join(directory.path, 'store'));
    let end: (() => void) | undefined;
    const working = whileUnheldHere(path, () => new Promise<string>((resolve) => (end = () => resolve('done'))));
    await vi.waitFor(() => expect(end).toBeDefined());
    let taken = false;
    const taking = acquireLockFile(path).then((lock) => ((taken = true), lock));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(taken).toBe(false);
    expect(await whileUnheldHere(path, () => Promise.resolve('not done'))).toBeUndefined();
    end?.();
    expect(await working).toBe('done');
    await (await taking).release();
    expect(await whileUnheldHere(path, () => Promise.resolve('done'))).toBe('done');
    await expect(whileUnheldHere(path, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    await (await acquireLockFile(path)).release();
  });
});
