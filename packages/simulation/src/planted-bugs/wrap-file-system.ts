/** A file system, or a file, with some of its calls replaced. */
import type { FileSystem, StorageFile } from '@kv/lsm-storage/core';

export function wrapFileSystem(real: FileSystem, replaced: Partial<FileSystem>): FileSystem {
  return {
    open: (path, mode) => real.open(path, mode),
    list: (directory) => real.list(directory),
    createDirectory: (path) => real.createDirectory(path),
    link: (from, to) => real.link(from, to),
    rename: (from, to) => real.rename(from, to),
    remove: (path) => real.remove(path),
    removeDirectory: (path) => real.removeDirectory(path),
    exists: (path) => real.exists(path),
    syncDirectory: (path) => real.syncDirectory(path),
    lock: (path) => real.lock(path),
    ...replaced,
  };
}

export function wrapFile(real: StorageFile, replaced: Partial<StorageFile>): StorageFile {
  return {
    path: real.path,
    size: () => real.size(),
    read: (position, length, memory) => real.read(position, length, memory),
    readSync: (position, length, memory) => real.readSync(position, length, memory),
    write: (position, chunks) => real.write(position, chunks),
    truncate: (size) => real.truncate(size),
    sync: () => real.sync(),
    close: () => real.close(),
    ...replaced,
  };
}
