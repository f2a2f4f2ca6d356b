import { describe, expect, it } from 'vitest';
import { fileSystemContract } from '../contract/index.ts';
import { codeOf } from '../testing/store.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import { NodeFileSystem } from './node-file-system.ts';

fileSystemContract({ describe, it, expect }, async () => {
  const directory = await temporaryDirectory();
  return { subject: new NodeFileSystem(directory.path), dispose: () => directory[Symbol.asyncDispose]() };
});

describe('node file system', () => {
  it('refuses paths that lead out of its root', async () => {
    await using directory = await temporaryDirectory();
    const fileSystem = new NodeFileSystem(directory.path);
    for (const path of ['../outside', '/etc/hostname', 'a/../../outside']) {
      expect(await codeOf(() => fileSystem.open(path, 'read'))).toBe('INVALID_ARGUMENT');
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

  it('keeps the error of the system as the cause', async () => {
    await using directory = await temporaryDirectory();
    const opening = new NodeFileSystem(directory.path).open('missing', 'read');
    await expect(opening).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'opening missing failed: ENOENT',
      cause: { code: 'ENOENT' },
    });
  });
});
