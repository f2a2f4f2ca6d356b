/**
 * One machine's disk. It outlives the machine's incarnations: a crash takes from it what was not synced, by chance, and
 * the next incarnation finds the rest.
 */
import { StorageError } from '@kv/lsm-storage/core';
import type { SeededRandom } from '../seeded-random.ts';
import { BitRot } from './bit-rot.ts';
import { CachedFile } from './cached-file.ts';
import type { CrashLosses, CrashOutcome } from './crash.ts';
import { Directory, type Node } from './directory.ts';
import { defaultDiskOptions, type DiskOptions } from './disk-options.ts';
import { DiskSpace } from './disk-space.ts';

/** A name in a directory that exists; there need not be anything under the name. */
export interface Place {
  readonly directory: Directory;
  readonly name: string;
  readonly path: string;
}

export class SimulatedDisk {
  readonly options: DiskOptions;
  readonly space: DiskSpace = new DiskSpace();
  readonly rot: BitRot = new BitRot();
  #root = new Directory();
  #wiped = false;
  /** Locked paths; a crash frees them. */
  readonly #locks = new Set<string>();

  constructor(options: Partial<DiskOptions> = {}) {
    this.options = { ...defaultDiskOptions, ...options };
  }

  /** Cuts the power. Returns what was lost. */
  crash(random: SeededRandom, outcome: CrashOutcome): CrashLosses {
    const losses: CrashLosses = { bytes: 0, entries: 0, tornPages: 0 };
    this.#root.crash(random, outcome, losses);
    this.#locks.clear();
    return losses;
  }

  /** Whether everything on it was taken away. */
  get wiped(): boolean {
    return this.#wiped;
  }

  /** Takes everything away, for good. Its machine must be down. */
  wipe(): void {
    this.#root = new Directory();
    this.#wiped = true;
  }

  /** A name of the file is gone: with the last one its space is free. */
  unlinked(file: CachedFile): void {
    if (this.files().every((other) => other.file !== file)) file.removed();
  }

  /** Every file with each of its names. */
  files(): { readonly path: string; readonly file: CachedFile }[] {
    return filesIn(this.#root, '');
  }

  directory(path: string): Directory {
    let node: Node = this.#root;
    for (const name of namesOf(path)) {
      const next: Node | undefined = node instanceof Directory ? node.get(name) : undefined;
      if (next === undefined) throw notFound(path);
      node = next;
    }
    if (node instanceof Directory) return node;
    throw new StorageError('IO_ERROR', `${path} is a file, not a directory`);
  }

  place(path: string): Place {
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined) throw new StorageError('IO_ERROR', 'the root has no name');
    return { directory: this.directory(names.join('/')), name, path };
  }

  node(path: string): Node | undefined {
    const { directory, name } = this.place(path);
    return directory.get(name);
  }

  file(path: string): CachedFile {
    const node = this.node(path);
    if (node === undefined) throw notFound(path);
    if (node instanceof CachedFile) return node;
    throw new StorageError('IO_ERROR', `${path} is a directory, not a file`);
  }

  createFile(path: string): CachedFile {
    const { directory, name } = this.#freePlace(path);
    this.checkSpace(path);
    const file = new CachedFile(this.options.pageBytes, this.space);
    directory.add(name, file);
    return file;
  }

  /** A second name for a file; a crash takes each name, and the file's bytes once. */
  linkFile(from: string, to: string): void {
    const file = this.file(from);
    this.checkSpace(to);
    const { directory, name } = this.#freePlace(to);
    directory.add(name, file);
  }

  /** @throws StorageError DISK_FULL when no further name can be made */
  checkSpace(path: string): void {
    if (this.space.isFull) throw this.space.refuse(path);
  }

  lock(path: string): void {
    if (this.#locks.has(path)) throw new StorageError('LOCKED', `${path} is locked by this machine's other process`);
    this.#locks.add(path);
  }

  unlock(path: string): void {
    this.#locks.delete(path);
  }

  #freePlace(path: string): Place {
    const place = this.place(path);
    if (place.directory.get(place.name) === undefined) return place;
    throw new StorageError('ALREADY_EXISTS', `${path} exists already`);
  }
}

function filesIn(directory: Directory, prefix: string): { readonly path: string; readonly file: CachedFile }[] {
  return directory.names().flatMap((name) => {
    const node = directory.get(name);
    if (node instanceof Directory) return filesIn(node, `${prefix}${name}/`);
    return node === undefined ? [] : [{ path: `${prefix}${name}`, file: node }];
  });
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function notFound(path: string): StorageError {
  return new StorageError('NOT_FOUND', `there is no ${path}`);
}
