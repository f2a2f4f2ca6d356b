/** A file system of which some calls do something else. */

import type { FileSystem, OpenMode, StorageFile } from '../core/index.ts';

/** What is given replaces the calls of the same name; the rest goes to `inner`. */
export function wrapFileSystem(
  inner: FileSystem,
  changeFile: (file: StorageFile) => Partial<StorageFile>,
  changes: Partial<FileSystem> = {},
  beforeOpen: (path: string, mode: OpenMode) => void = () => undefined,
): FileSystem {
  return {
    open: async (path, mode) => {
      beforeOpen(path, mode);
      return wrapFile(await inner.open(path, mode), changeFile);
    },
    list: (directory) => inner.list(directory),
    createDirectory: (path) => inner.createDirectory(path),
    rename: (from, to) => inner.rename(from, to),
    link: (from, to) => inner.link(from, to),
    remove: (path) => inner.remove(path),
    removeDirectory: (path) => inner.removeDirectory(path),
    exists: (path) => inner.exists(path),
    syncDirectory: (path) => inner.syncDirectory(path),
    lock: (path) => inner.lock(path),
    ...changes,
  };
}

function wrapFile(file: StorageFile, change: (file: StorageFile) => Partial<StorageFile>): StorageFile {
  return {
    path: file.path,
    size: () => file.size(),
    read: (position, length, memory) => file.read(position, length, memory),
    readSync: (position, length, memory) => file.readSync(position, length, memory),
    write: (position, chunks) => file.write(position, chunks),
    truncate: (size) => file.truncate(size),
    sync: () => file.sync(),
    close: () => file.close(),
    ...change(file),
  };
}
