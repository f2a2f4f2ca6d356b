/** The real disk: a directory of Node's file system as the engine's root. */

import { resolve, sep } from 'node:path';
import { StorageError } from '../core/errors.ts';
import type { FileLock, FileSystem, OpenMode, StorageFile } from '../core/index.ts';
import { blockingCalls, pooledCalls } from './file-calls.ts';
import type { FileCalls } from './file-calls.ts';
import { errnoOf, fileError } from './file-errors.ts';
import { acquireLockFile } from './lock-file.ts';
import { NodeFile } from './node-file.ts';

const FLAGS: Readonly<Record<OpenMode, string>> = { read: 'r', create: 'wx+', modify: 'r+' };

export interface NodeFileSystemOptions {
  /**
   * Whether calls are carried out on the calling thread, which waits for them; default false: in Node's thread pool,
   * small writes excepted. For threads of their own, which would only take the pool's threads from others.
   */
  readonly blocking?: boolean;
}

export class NodeFileSystem implements FileSystem {
  readonly #root: string;
  readonly #calls: FileCalls;

  /** `root`: an existing directory. */
  constructor(root: string, { blocking = false }: NodeFileSystemOptions = {}) {
    this.#root = resolve(root);
    this.#calls = blocking ? blockingCalls : pooledCalls;
  }

  async open(path: string, mode: OpenMode): Promise<StorageFile> {
    const descriptor = await this.#call(`opening ${path}`, () => this.#calls.open(this.#resolve(path), FLAGS[mode]));
    return new NodeFile(path, descriptor, mode !== 'read', this.#calls);
  }

  async list(directory: string): Promise<readonly string[]> {
    return (await this.#call(`listing ${directory}`, () => this.#calls.list(this.#resolve(directory)))).sort();
  }

  async createDirectory(path: string): Promise<void> {
    await this.#call(`creating ${path}`, () => this.#calls.createDirectory(this.#resolve(path)));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call(`renaming ${from}`, () => this.#calls.rename(this.#resolve(from), this.#resolve(to)));
  }

  async link(from: string, to: string): Promise<void> {
    await this.#call(`linking ${from}`, () => this.#calls.link(this.#resolve(from), this.#resolve(to)));
  }

  async remove(path: string): Promise<void> {
    await this.#call(`removing ${path}`, () => this.#calls.remove(this.#resolve(path)));
  }

  async removeDirectory(path: string): Promise<void> {
    await this.#call(`removing the directory ${path}`, () => this.#calls.removeDirectory(this.#resolve(path)));
  }

  async exists(path: string): Promise<boolean> {
    try {
      await this.#calls.access(this.#resolve(path));
      return true;
    } catch (cause) {
      if (errnoOf(cause) === 'ENOENT') return false;
      throw fileError(cause, `looking for ${path}`);
    }
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#call(`syncing the directory ${path}`, async () => {
      const descriptor = await this.#calls.open(this.#resolve(path), 'r');
      try {
        await this.#calls.sync(descriptor);
      } finally {
        await this.#calls.close(descriptor);
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
