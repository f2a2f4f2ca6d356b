/** The storage engine's `FileSystem` on a simulated disk, for one incarnation of its machine. */
import type { FileLock, FileSystem, OpenMode, StorageFile } from '@kv/lsm-storage/core';
import { StorageError } from '@kv/lsm-storage/core';
import { CachedFile } from './cached-file.ts';
import { Directory } from './directory.ts';
import type { DiskCalls } from './disk-calls.ts';
import { SimulatedFile } from './simulated-file.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

export class SimulatedFileSystem implements FileSystem {
  readonly #disk: SimulatedDisk;
  readonly #calls: DiskCalls;

  constructor(disk: SimulatedDisk, calls: DiskCalls) {
    this.#disk = disk;
    this.#calls = calls;
  }

  open(path: string, mode: OpenMode): Promise<StorageFile> {
    const open = (): CachedFile => (mode === 'create' ? this.#disk.createFile(path) : this.#disk.file(path));
    return this.#calls.call('open', path, open, (file) => new SimulatedFile(path, mode, file, this.#disk, this.#calls));
  }

  list(directory: string): Promise<readonly string[]> {
    return this.#calls.call(
      'list',
      directory,
      () => this.#disk.directory(directory),
      (found) => found.names(),
    );
  }

  createDirectory(path: string): Promise<void> {
    const create = (): void => {
      const { directory, name } = this.#disk.place(path);
      const present = directory.get(name);
      if (present instanceof CachedFile) throw new StorageError('ALREADY_EXISTS', `${path} exists and is a file`);
      if (present !== undefined) return;
      this.#disk.checkSpace(path);
      directory.add(name, new Directory());
    };
    return this.#calls.call('create-directory', path, create, nothing);
  }

  rename(from: string, to: string): Promise<void> {
    const rename = (): void => {
      const source = this.#disk.place(from);
      const target = this.#disk.place(to);
      const file = this.#disk.file(from);
      if (source.directory !== target.directory) {
        throw new StorageError(
          'IO_ERROR',
          `${from} and ${to} must be in one directory: a crash could split the rename`,
        );
      }
      const replaced = target.directory.get(target.name);
      source.directory.rename(source.name, target.name, file);
      if (replaced instanceof CachedFile) this.#disk.unlinked(replaced);
    };
    return this.#calls.call('rename', `${from}>${to}`, rename, nothing);
  }

  link(from: string, to: string): Promise<void> {
    return this.#calls.call('link', `${from}>${to}`, () => this.#disk.linkFile(from, to), nothing);
  }

  remove(path: string): Promise<void> {
    const remove = (): void => {
      const { directory, name } = this.#disk.place(path);
      const file = this.#disk.file(path);
      directory.remove(name, file);
      this.#disk.unlinked(file);
    };
    return this.#calls.call('remove', path, remove, nothing);
  }

  removeDirectory(path: string): Promise<void> {
    const remove = (): void => {
      const removed = this.#disk.directory(path);
      if (removed.names().length > 0) throw new StorageError('IO_ERROR', `${path} is not empty`);
      const { directory, name } = this.#disk.place(path);
      directory.remove(name, removed);
    };
    return this.#calls.call('remove-directory', path, remove, nothing);
  }

  exists(path: string): Promise<boolean> {
    return this.#calls.call(
      'exists',
      path,
      () => this.#existsNow(path),
      (found) => found,
    );
  }

  syncDirectory(path: string): Promise<void> {
    const begin = (): (() => void) => {
      const directory = this.#disk.directory(path);
      const changes = directory.beginSync();
      return () => directory.endSync(changes);
    };
    return this.#calls.call('sync-directory', path, begin, (end) => end());
  }

  lock(path: string): Promise<FileLock> {
    return this.#calls.call(
      'lock',
      path,
      () => this.#disk.lock(path),
      () => ({
        release: async () => this.#disk.unlock(path),
      }),
    );
  }

  #existsNow(path: string): boolean {
    try {
      return this.#disk.node(path) !== undefined;
    } catch (error) {
      if (error instanceof StorageError && error.code === 'NOT_FOUND') return false;
      throw error;
    }
  }
}

function nothing(): void {}
