/** A disk on which calls fail: full for a while, or failing at one call. What is written is cut short, as it may be. */

import type { FileSystem, StorageErrorCode, StorageFile } from '../core/index.ts';
import { StorageError } from '../core/index.ts';
import { wrapFileSystem } from './wrapped-file-system.ts';

export type FaultyCall = 'write' | 'create' | 'sync' | 'truncate' | 'rename' | 'remove' | 'sync-directory' | 'read';

export interface FaultPlan {
  readonly code: Extract<StorageErrorCode, 'DISK_FULL' | 'IO_ERROR'>;
  /** Which calls are counted and may fail. */
  readonly picks: (call: FaultyCall, path: string) => boolean;
  /** The first of them that fails, counted from 1. */
  readonly from: number;
  /** How many fail; `Infinity`: until it is lifted. */
  readonly count: number;
}

export class Fault {
  readonly #plan: FaultPlan;
  #calls = 0;
  #failed = 0;
  #lifted = false;

  constructor(plan: FaultPlan) {
    this.#plan = plan;
  }

  /** Calls that failed. */
  get failed(): number {
    return this.#failed;
  }

  /** From now on no call fails. */
  lift(): void {
    this.#lifted = true;
  }

  /** After it was lifted: it holds again. */
  begin(): void {
    this.#lifted = false;
  }

  wrap(fileSystem: FileSystem): FileSystem {
    return wrapFileSystem(
      fileSystem,
      (file) => ({
        read: async (position, length, memory) => {
          this.#pass('read', file.path);
          return file.read(position, length, memory);
        },
        readSync: (position, length, memory) => {
          this.#pass('read', file.path);
          return file.readSync(position, length, memory);
        },
        write: (position, chunks) => this.#write(file, position, chunks),
        truncate: async (size) => {
          this.#pass('truncate', file.path);
          await file.truncate(size);
        },
        sync: async () => {
          this.#pass('sync', file.path);
          await file.sync();
        },
      }),
      {
        rename: async (from, to) => {
          this.#pass('rename', from);
          await fileSystem.rename(from, to);
        },
        remove: async (path) => {
          this.#pass('remove', path);
          await fileSystem.remove(path);
        },
        syncDirectory: async (path) => {
          this.#pass('sync-directory', path);
          await fileSystem.syncDirectory(path);
        },
      },
      (path, mode) => {
        if (mode === 'create') this.#pass('create', path);
      },
    );
  }

  async #write(file: StorageFile, position: number, chunks: readonly Uint8Array[]): Promise<void> {
    try {
      this.#pass('write', file.path);
    } catch (error) {
      const whole = Buffer.concat(chunks);
      await file.write(position, [new Uint8Array(whole.subarray(0, Math.floor(whole.length * 0.7)))]);
      throw error;
    }
    await file.write(position, chunks);
  }

  #pass(call: FaultyCall, path: string): void {
    const { code, picks, from, count } = this.#plan;
    if (this.#lifted || !picks(call, path)) return;
    this.#calls++;
    if (this.#calls < from || this.#calls >= from + count) return;
    this.#failed++;
    throw new StorageError(code, `${call} ${path}: ${code === 'DISK_FULL' ? 'ENOSPC' : 'EIO'}`);
  }
}
