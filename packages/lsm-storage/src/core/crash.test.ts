import { describe, expect, it } from 'vitest';
import type { FileSystem, StorageFile } from '../core/index.ts';
import { CrashEnumeration } from '../testing/crash-enumeration.ts';

/** A file system on which the syncs that the test picks are not done, though they are said to be. */
function withoutSync(fileSystem: FileSystem, skips: (path: string) => boolean): FileSystem {
  const wrapFile = (file: StorageFile): StorageFile => ({
    path: file.path,
    size: () => file.size(),
    read: (position, length) => file.read(position, length),
    readSync: (position, length) => file.readSync(position, length),
    write: (position, chunks) => file.write(position, chunks),
    truncate: (size) => file.truncate(size),
    sync: async () => (skips(file.path) ? undefined : file.sync()),
    close: () => file.close(),
  });
  return {
    open: async (path, mode) => wrapFile(await fileSystem.open(path, mode)),
    list: (directory) => fileSystem.list(directory),
    createDirectory: (path) => fileSystem.createDirectory(path),
    rename: (from, to) => fileSystem.rename(from, to),
    remove: (path) => fileSystem.remove(path),
    exists: (path) => fileSystem.exists(path),
    syncDirectory: async (path) => (skips('directory') ? undefined : fileSystem.syncDirectory(path)),
    lock: (path) => fileSystem.lock(path),
  };
}

describe('power loss at every call', { timeout: 120_000 }, () => {
  it('leaves whole groups in their order, and everything acknowledged', async () => {
    const { calls, disks, violations } = await new CrashEnumeration(1, 3).run(60);
    expect(violations).toEqual([]);
    expect(calls).toBeGreaterThan(300);
    expect(disks).toBe(3 * calls);
  });

  // The search itself is put to the test: each sync left out must be found.
  it.each<[string, (path: string) => boolean]>([
    ['the log', (path) => path.endsWith('.log')],
    ['sorted runs', (path) => path.endsWith('.run')],
    ['the directory', (path) => path === 'directory'],
  ])('finds that the syncs of %s are left out', async (_, skips) => {
    const enumeration = new CrashEnumeration(2, 1);
    const { violations } = await enumeration.run(25, (fileSystem) => withoutSync(fileSystem, skips));
    expect(violations.length).toBeGreaterThan(0);
  });
});
