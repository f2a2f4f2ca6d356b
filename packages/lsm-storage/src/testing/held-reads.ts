/** A file system whose asynchronous reads wait until the test lets them go, and which notes reads of closed files. */

import { StorageError } from '../core/index.ts';
import type { FileSystem } from '../core/index.ts';
import { wrapFileSystem } from './wrapped-file-system.ts';

interface HeldRead {
  readonly resume: () => void;
  readonly fail: (error: StorageError) => void;
}

export class HeldReads {
  /** Files that were closed while a read of them was under way, and files that were read when they were closed. */
  readonly closedUnderRead: string[] = [];
  readonly readsOfClosed: string[] = [];
  #holding = false;
  #waiting: HeldRead[] = [];

  /** From now on, reads wait. */
  hold(): void {
    this.#holding = true;
  }

  /** Lets go those that wait; later ones wait again. */
  releaseHeld(): void {
    for (const { resume } of this.#waiting.splice(0)) resume();
  }

  /** Lets go those that wait, and all later ones. */
  release(): void {
    this.#holding = false;
    this.releaseHeld();
  }

  /** Those that wait fail. */
  failHeld(): void {
    for (const { fail } of this.#waiting.splice(0)) fail(new StorageError('IO_ERROR', 'reading: EIO'));
  }

  get held(): number {
    return this.#waiting.length;
  }

  wrap(fileSystem: FileSystem): FileSystem {
    return wrapFileSystem(fileSystem, (file) => {
      let reading = 0;
      let closed = false;
      return {
        read: async (position, length, memory) => {
          if (closed) this.readsOfClosed.push(file.path);
          reading++;
          try {
            if (this.#holding) await new Promise<void>((resume, fail) => this.#waiting.push({ resume, fail }));
            return await file.read(position, length, memory);
          } finally {
            reading--;
          }
        },
        close: async () => {
          closed = true;
          if (reading > 0) this.closedUnderRead.push(file.path);
          await file.close();
        },
      };
    });
  }
}
