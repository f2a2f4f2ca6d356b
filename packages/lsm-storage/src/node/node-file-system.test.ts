import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fileSystemContract } from '../contract/index.ts';
import type { Subject } from '../contract/index.ts';
import type { FileSystem } from '../core/index.ts';
import { codeOf } from '../contract/primitives.ts';
import { fileError } from './file-errors.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import { NodeFileSystem } from './node-file-system.ts';

const inTemporaryDirectory = (blocking: boolean) => async (): Promise<Subject<FileSystem>> => {
  const directory = await temporaryDirectory();
  const subject = new NodeFileSystem(directory.path, { blocking });
  return { subject, dispose: () => directory[Symbol.asyncDispose]() };
};

describe('through the thread pool', () => fileSystemContract({ describe, it, expect }, inTemporaryDirectory(false)));
describe('on the calling thread', () => fileSystemContract({ describe, it, expect }, inTemporaryDirectory(true)));

describe('node file system', () => {
  it('refuses paths that lead out of its root', async () => {
    await using directory = await temporaryDirectory();
    const fileSystem = new NodeFileSystem(directory.path);
    for (const path of ['../outside', '/etc/hostname', 'a/../../outside']) {
      expect(await codeOf(() => fileSystem.open(path, 'read'))).toBe('INVALID_ARGUMENT');
      expect(await codeOf(() => fileSystem.link('a', path))).toBe('INVALID_ARGUMENT');
    }
  });

  it('gives plain bytes, not Buffers, whose slice does not copy', async () => {
    await using directory = await temporaryDirectory();
    const file = await new NodeFileSystem(directory.path).open('a', 'create');
    await file.write(0, [Buffer.from([1, 2, 3])]);
    expect((await file.read(0, 3)).constructor).toBe(Uint8Array);
    expect(file.readSync(0, 3).constructor).toBe(Uint8Array);
    await file.close();
  });

  it('has written little before it returns, and says so only in a later turn', async () => {
    await using directory = await temporaryDirectory();
    const file = await new NodeFileSystem(directory.path).open('a', 'create');
    let settled = false;
    const writing = file.write(0, [Uint8Array.of(1), Uint8Array.of(2)]).then(() => (settled = true));
    expect([...file.readSync(0, 9)]).toEqual([1, 2]);
    for (let i = 0; i < 100; i++) await Promise.resolve();
    expect(settled).toBe(false);
    await writing;
    await file.close();
  });

  it('keeps the error of the system as the cause', async () => {
    await using directory = await temporaryDirectory();
    const opening = new NodeFileSystem(directory.path).open('missing', 'read');
    await expect(opening).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'opening missing failed: ENOENT',
      cause: { code: 'ENOENT' },
    });
  });

  it.runIf(existsSync('/dev/full')).each([true, false])(
    'says that the disk is full (blocking: %s)',
    async (blocking) => {
      const file = await new NodeFileSystem('/dev', { blocking }).open('full', 'modify');
      for (const bytes of [1, 1_000_000]) {
        const writing = file.write(0, [new Uint8Array(bytes)]);
        await expect(writing).rejects.toMatchObject({ code: 'DISK_FULL', message: 'writing full failed: ENOSPC' });
      }
      await file.close();
    },
  );

  it.each(['ENOSPC', 'EDQUOT', 'SQLITE_FULL'])('takes %s for a full disk, whatever was being done', (code) => {
    const cause = Object.assign(new Error('no room'), { code });
    expect(fileError(cause, 'syncing a').code).toBe('DISK_FULL');
  });
});
