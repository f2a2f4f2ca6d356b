/** The real disk: a directory of Node's file system as the engine's root. */

import { close, fsync, open } from 'node:fs';
import { access, mkdir, readdir, rename, unlink } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { StorageError } from '../core/index.ts';
import type { FileLock, FileSystem, OpenMode, StorageFile } from '../core/index.ts';
import { errnoOf, fileError } from './file-errors.ts';
import { acquireLockFile } from './lock-file.ts';
import { NodeFile } from './node-file.ts';

const FLAGS: Readonly<Record<OpenMode, string>> = { read: 'r', create: 'wx+', modify: 'r+' };

const closeDescriptor = promisify(close);
const openDescriptor = promisify(open);
const syncDescriptor = promisify(fsync);

export class NodeFileSystem implements FileSystem {
  readonly #root: string;

  /** `root`: an existing directory. */
  constructor(root: string) {
    this.#root = resolve(root);
  }

  async open(path: string, mode: OpenMode): Promise<StorageFile> {
    const descriptor = await this.#call(`opening ${path}`, () => openDescriptor(this.#resolve(path), FLAGS[mode]));
    return new NodeFile(path, descriptor, mode !== 'read');
  }

  async list(directory: string): Promise<readonly string[]> {
    return (await this.#call(`listing ${directory}`, () => readdir(this.#resolve(directory)))).sort();
  }

  async createDirectory(path: string): Promise<void> {
    await this.#call(`creating ${path}`, () => mkdir(this.#resolve(path), { recursive: true }));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call(`renaming ${from}`, () => rename(this.#resolve(from), this.#resolve(to)));
  }

  async remove(path: string): Promise<void> {
    await this.#call(`removing ${path}`, () => unlink(this.#resolve(path)));
  }

  async exists(path: string): Promise<boolean> {
    try {
      await access(this.#resolve(path));
      return true;
    } catch (cause) {
      if (errnoOf(cause) === 'ENOENT') return false;
      throw fileError(cause, `looking for ${path}`);
    }
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#call(`syncing the directory ${path}`, async () => {
      const descriptor = await openDescriptor(this.#resolve(path), 'r');
      try {
        await syncDescriptor(descriptor);
      } finally {
        await closeDescriptor(descriptor);
      }
    });
  }

  async lock(path: string): Promise<FileLock> {
    return acquireLockFile(this.#resolve(path));
  }

  /** Paths stay below the root: what comes out of a manifest or a caller cannot reach other files. */
  #resolve(path: string): string {
    const resolved = resolve(this.#root, path);
    if (resolved === this.#root || resolved.startsWith(this.#root + sep)) return resolved;
    throw new StorageError('INVALID_ARGUMENT', `a path must stay below the root, got ${path}`);
  }

  async #call<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw cause instanceof StorageError ? cause : fileError(cause, what);
    }
  }
}
