import { spawn } from 'node:child_process';
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../testing/store.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import { acquireLockFile } from './lock-file.ts';

/** A process id that was given to a process that has ended. */
async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.on('exit', resolve));
  return child.pid!;
}

describe('lock file', () => {
  it('names its holder while it is held, and is gone afterwards', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'LOCK');
    const lock = await acquireLockFile(path);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
    expect(await readdir(directory.path)).toEqual(['LOCK']);
    await lock.release();
    expect(await readdir(directory.path)).toEqual([]);
  });

  it('refuses a second holder in the same process', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'LOCK');
    const lock = await acquireLockFile(path);
    await expect(acquireLockFile(path)).rejects.toThrow(`is held by this process (${process.pid}) already`);
    await lock.release();
  });

  it('refuses a second holder in the same process that comes by another path', async () => {
    await using directory = await temporaryDirectory();
    await mkdir(join(directory.path, 'real'));
    await symlink(join(directory.path, 'real'), join(directory.path, 'other'));
    const lock = await acquireLockFile(join(directory.path, 'real', 'LOCK'));
    await expect(acquireLockFile(join(directory.path, 'other', 'LOCK'))).rejects.toThrow('is held by this process');
    await lock.release();
    const next = await acquireLockFile(join(directory.path, 'other', 'LOCK'));
    await next.release();
    expect(await readdir(join(directory.path, 'real'))).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('refuses while another thread of the same process holds it', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'LOCK');
    const lock = await acquireLockFile(path);
    const holder = JSON.parse(await readFile(path, 'utf8')) as { thread: number };
    await lock.release();
    await writeFile(path, JSON.stringify({ ...holder, thread: holder.thread + 1 }));
    await expect(acquireLockFile(path)).rejects.toMatchObject({ code: 'LOCKED' });
    expect(await readdir(directory.path)).toEqual(['LOCK']);
    // What names this thread, which does not hold it, was left behind by a release that failed.
    await writeFile(path, JSON.stringify(holder));
    await (await acquireLockFile(path)).release();
  });

  it('refuses while another process lives that holds it', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'LOCK');
    const holder = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
    await writeFile(path, JSON.stringify({ pid: holder.pid }));
    await expect(acquireLockFile(path)).rejects.toMatchObject({
      code: 'LOCKED',
      message: `${path} is held by process ${holder.pid}`,
    });
    holder.kill('SIGKILL');
    await new Promise((resolve) => holder.on('exit', resolve));
    const lock = await acquireLockFile(path);
    await lock.release();
  });

  it.each<[string, () => Promise<string>]>([
    ['a process that is gone', async () => JSON.stringify({ pid: await deadProcess() })],
    ['an earlier process with our own id', async () => JSON.stringify({ pid: process.pid, started: '1', boot: 'x' })],
    ['nobody: it is empty', async () => ''],
    ['nobody: it is no JSON', async () => 'nonsense'],
    ['nobody: it names no process', async () => '{"pid":"1"}'],
  ])('is taken over from %s', async (_, contents) => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'LOCK');
    await writeFile(path, await contents());
    const lock = await acquireLockFile(path);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
    expect(await readdir(directory.path)).toEqual(['LOCK']);
    await lock.release();
  });

  it.runIf(process.platform === 'linux')(
    'is taken over from a process whose id belongs to another one now',
    async () => {
      await using directory = await temporaryDirectory();
      const path = join(directory.path, 'LOCK');
      const other = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
      await writeFile(path, JSON.stringify({ pid: other.pid, started: '1' }));
      const lock = await acquireLockFile(path);
      await lock.release();
      other.kill('SIGKILL');
    },
  );

  it('fails with an error of its own where no file can be', async () => {
    await using directory = await temporaryDirectory();
    expect(await codeOf(() => acquireLockFile(join(directory.path, 'missing', 'LOCK')))).toBe('NOT_FOUND');
  });
});
