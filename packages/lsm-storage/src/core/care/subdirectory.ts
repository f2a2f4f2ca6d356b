/** A directory as a file system of its own. */

import type { FileLock, FileSystem, OpenMode, StorageFile } from '../ports/file-system.ts';

export class Subdirectory implements FileSystem {
  readonly #inner: FileSystem;
  readonly #path: string;

  /** `path`: of the directory, within `inner`; it need not exist yet. */
  constructor(inner: FileSystem, path: string) {
    this.#inner = inner;
    this.#path = path;
  }

  open(path: string, mode: OpenMode): Promise<StorageFile> {
    return this.#inner.open(this.#below(path), mode);
  }

  list(directory: string): Promise<readonly string[]> {
    return this.#inner.list(this.#below(directory));
  }

  createDirectory(path: string): Promise<void> {
    return this.#inner.createDirectory(this.#below(path));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#inner.rename(this.#below(from), this.#below(to));
  }

  link(from: string, to: string): Promise<void> {
    return this.#inner.link(this.#below(from), this.#below(to));
  }

  remove(path: string): Promise<void> {
    return this.#inner.remove(this.#below(path));
  }

  removeDirectory(path: string): Promise<void> {
    return this.#inner.removeDirectory(this.#below(path));
  }

  exists(path: string): Promise<boolean> {
    return this.#inner.exists(this.#below(path));
  }

  syncDirectory(path: string): Promise<void> {
    return this.#inner.syncDirectory(this.#below(path));
  }

  lock(path: string): Promise<FileLock> {
    return this.#inner.lock(this.#below(path));
  }

  #below(path: string): string {
    return path === '' || path === '.' ? this.#path : `${this.#path}/${path}`;
  }
}
