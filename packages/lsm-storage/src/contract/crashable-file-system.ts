/**
 * A file system in memory that can lose power. It keeps apart what programs see and what was synced; after a power
 * loss what was synced is there, and of the rest a subset drawn from a seeded generator: pages, parts of pages, sizes
 * and names, each for itself. (The idea is Pebble's `CrashClone`.)
 *
 * Every call passes an observer first, which may watch, fail the call, or cut the power in the midst of it.
 */

import { StorageError } from '../core/index.ts';
import type { FileLock, FileSystem, OpenMode, StorageFile } from '../core/index.ts';
import { DiskDirectory } from './disk-directory.ts';
import { DiskFile } from './disk-file.ts';
import type { Random } from './random.ts';
import { Survival } from './survival.ts';

export type DiskOperation =
  | 'open'
  | 'create'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'close'
  | 'list'
  | 'create-directory'
  | 'rename'
  | 'link'
  | 'remove'
  | 'remove-directory'
  | 'sync-directory'
  | 'lock';

export interface DiskCall {
  readonly operation: DiskOperation;
  readonly path: string;
  /** The other path of a rename or a link. */
  readonly to?: string;
  readonly position?: number;
  /** Length of a read or write, or new size of a truncated file. */
  readonly bytes?: number;
}

/**
 * Sees every call before it takes effect. What it throws is what the call fails with, without effect. `power-loss`:
 * the call takes effect as far as an unsynced call does, then it and every later one fails.
 */
export type DiskObserver = (call: DiskCall) => 'power-loss' | undefined;

/** What a call fails with once the power is gone. */
export class PowerLossError extends Error {
  override readonly name: string = 'PowerLossError';

  constructor() {
    super('the power is gone');
  }
}

export class CrashableFileSystem implements FileSystem {
  readonly #root: DiskDirectory;
  readonly #locks: Set<string> = new Set();
  #observer: DiskObserver | undefined;
  #poweredOff = false;

  /** Without `root`, an empty disk. */
  constructor(observer?: DiskObserver, root: DiskDirectory = new DiskDirectory()) {
    this.#observer = observer;
    this.#root = root;
  }

  /** Replaces the observer; `undefined` for none. */
  observe(observer: DiskObserver | undefined): void {
    this.#observer = observer;
  }

  /** A disk as it may be found after power was lost at this moment: powered on, unlocked, unobserved. */
  afterPowerLoss(random: Random): CrashableFileSystem {
    return new CrashableFileSystem(undefined, this.#root.afterPowerLoss(random));
  }

  /** How many unsynced parts there are now: pages, shrinkings and names. */
  unsyncedParts(): number {
    const counted = new Survival(() => true);
    this.#root.surviving(counted);
    return counted.parts;
  }

  /** As `afterPowerLoss`, where each unsynced part, by its number, is kept or lost. */
  surviving(survival: Survival): CrashableFileSystem {
    return new CrashableFileSystem(undefined, this.#root.surviving(survival));
  }

  /** A disk with the same files, all of them synced: powered on, unlocked, unobserved. */
  clone(): CrashableFileSystem {
    return new CrashableFileSystem(undefined, this.#root.clone());
  }

  /** The bytes of a file, past every observer. */
  contents(path: string): Uint8Array {
    return this.#file(path).contents();
  }

  /** Puts a file there, durably and past every observer: the way to damage one. */
  place(path: string, bytes: Uint8Array): void {
    const { directory, name } = this.#parent(path);
    directory.add(name, new DiskFile(bytes));
    directory.sync();
  }

  async open(path: string, mode: OpenMode): Promise<StorageFile> {
    const { directory, name } = this.#parent(path);
    if (mode !== 'create') {
      return this.call({ operation: 'open', path }, () => new OpenFile(this, path, this.#file(path), mode));
    }
    return this.call({ operation: 'create', path }, () => {
      if (directory.get(name) !== undefined) throw new StorageError('ALREADY_EXISTS', `${path} exists already`);
      const file = new DiskFile();
      directory.add(name, file);
      return new OpenFile(this, path, file, mode);
    });
  }

  async list(directory: string): Promise<readonly string[]> {
    return this.call({ operation: 'list', path: directory }, () => this.#directory(directory).list());
  }

  async createDirectory(path: string): Promise<void> {
    this.call({ operation: 'create-directory', path }, () => {
      const { directory, name } = this.#parent(path);
      const present = directory.get(name);
      if (present instanceof DiskFile) throw new StorageError('ALREADY_EXISTS', `${path} exists and is a file`);
      if (present === undefined) directory.add(name, new DiskDirectory());
    });
  }

  async rename(from: string, to: string): Promise<void> {
    this.call({ operation: 'rename', path: from, to }, () => {
      const source = this.#parent(from);
      const target = this.#parent(to);
      const node = this.#file(from);
      if (source.directory === target.directory) return source.directory.rename(source.name, target.name, node);
      source.directory.remove(source.name);
      target.directory.add(target.name, node);
    });
  }

  async link(from: string, to: string): Promise<void> {
    this.call({ operation: 'link', path: from, to }, () => {
      const file = this.#file(from);
      const { directory, name } = this.#parent(to);
      if (directory.get(name) !== undefined) throw new StorageError('ALREADY_EXISTS', `${to} exists already`);
      directory.add(name, file);
    });
  }

  async remove(path: string): Promise<void> {
    this.call({ operation: 'remove', path }, () => {
      this.#file(path);
      const { directory, name } = this.#parent(path);
      directory.remove(name);
    });
  }

  async removeDirectory(path: string): Promise<void> {
    this.call({ operation: 'remove-directory', path }, () => {
      if (this.#directory(path).list().length > 0) throw new StorageError('IO_ERROR', `${path} is not empty`);
      const { directory, name } = this.#parent(path);
      directory.remove(name);
    });
  }

  async exists(path: string): Promise<boolean> {
    const { directory, name } = this.#parent(path);
    return name === '' || directory.get(name) !== undefined;
  }

  async syncDirectory(path: string): Promise<void> {
    this.call(
      { operation: 'sync-directory', path },
      () => this.#directory(path),
      (directory) => directory.sync(),
    );
  }

  async lock(path: string): Promise<FileLock> {
    return this.call({ operation: 'lock', path }, () => {
      if (this.#locks.has(path)) throw new StorageError('LOCKED', `${path} is locked by this process`);
      this.#locks.add(path);
      return { release: async () => void this.#locks.delete(path) };
    });
  }

  /**
   * For the files of this disk: runs a call past the observer. `makeDurable` is what a power loss within the call
   * leaves undone.
   */
  call<T>(call: DiskCall, effect: () => T, makeDurable?: (result: T) => void): T {
    if (this.#poweredOff) throw new PowerLossError();
    const fate = this.#observer?.(call);
    if (fate === 'power-loss') this.#poweredOff = true;
    const result = effect();
    if (this.#poweredOff) throw new PowerLossError();
    makeDurable?.(result);
    return result;
  }

  #file(path: string): DiskFile {
    const { directory, name } = this.#parent(path);
    const node = directory.get(name);
    if (node instanceof DiskFile) return node;
    if (node === undefined) throw new StorageError('NOT_FOUND', `there is no file ${path}`);
    throw new StorageError('IO_ERROR', `${path} is a directory`);
  }

  #directory(path: string): DiskDirectory {
    let directory = this.#root;
    for (const name of partsOf(path)) {
      const child = directory.get(name);
      if (!(child instanceof DiskDirectory)) throw new StorageError('NOT_FOUND', `there is no directory ${path}`);
      directory = child;
    }
    return directory;
  }

  #parent(path: string): { readonly directory: DiskDirectory; readonly name: string } {
    const parts = partsOf(path);
    const name = parts.pop() ?? '';
    return { directory: this.#directory(parts.join('/')), name };
  }
}

class OpenFile implements StorageFile {
  readonly path: string;
  readonly #disk: CrashableFileSystem;
  readonly #file: DiskFile;
  readonly #mode: OpenMode;
  #closed = false;

  constructor(disk: CrashableFileSystem, path: string, file: DiskFile, mode: OpenMode) {
    this.path = path;
    this.#disk = disk;
    this.#file = file;
    this.#mode = mode;
  }

  async size(): Promise<number> {
    this.#assertOpen();
    return this.#file.size;
  }

  async read(position: number, length: number, memory?: Uint8Array): Promise<Uint8Array> {
    return this.readSync(position, length, memory);
  }

  readSync(position: number, length: number, memory?: Uint8Array): Uint8Array {
    this.#assertOpen();
    const call: DiskCall = { operation: 'read', path: this.path, position, bytes: length };
    const bytes = this.#disk.call(call, () => this.#file.read(position, length));
    if (memory === undefined) return bytes;
    memory.set(bytes);
    return memory.subarray(0, bytes.length);
  }

  async write(position: number, chunks: readonly Uint8Array[]): Promise<void> {
    this.#assertWritable();
    const bytes = chunks.reduce((total, chunk) => total + chunk.length, 0);
    this.#disk.call({ operation: 'write', path: this.path, position, bytes }, () => {
      let at = position;
      for (const chunk of chunks) {
        this.#file.write(at, chunk);
        at += chunk.length;
      }
    });
  }

  async truncate(size: number): Promise<void> {
    this.#assertWritable();
    this.#disk.call({ operation: 'truncate', path: this.path, bytes: size }, () => this.#file.truncate(size));
  }

  async sync(): Promise<void> {
    this.#assertOpen();
    this.#disk.call(
      { operation: 'sync', path: this.path },
      () => this.#file,
      (file) => file.sync(),
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#disk.call({ operation: 'close', path: this.path }, () => undefined);
  }

  #assertOpen(): void {
    if (this.#closed) throw new StorageError('IO_ERROR', `${this.path} was closed`);
  }

  #assertWritable(): void {
    this.#assertOpen();
    if (this.#mode === 'read') throw new StorageError('IO_ERROR', `${this.path} was opened for reading only`);
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
