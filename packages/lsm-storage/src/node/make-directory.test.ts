import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeDirectory } from './make-directory.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

describe('makeDirectory', () => {
  it('makes what is missing of a path, and is content with what is there', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'a', 'b', 'c');
    await makeDirectory(path);
    await makeDirectory(path);
    expect((await stat(path)).isDirectory()).toBe(true);
  });

  it('fails where a file is in the way', async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, 'file'), '');
    await expect(makeDirectory(join(directory.path, 'file'))).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  it.skipIf(process.platform !== 'linux')('ends where the system takes no directories', async () => {
    await expect(makeDirectory('/proc/nope')).rejects.toMatchObject({ name: 'StorageError' });
  });
});
