/** How much more a disk takes: plenty, or so many pages. A page is taken when it is first written, as sparse files have it. */
import { StorageError } from '@kv/lsm-storage/core';

export class DiskSpace {
  #free = Infinity;
  #hasRefused = false;
  readonly #listeners: (() => void)[] = [];

  /** From now on it takes so many more pages; what is removed makes room again. */
  limit(pages: number): void {
    this.#free = pages;
  }

  /** There is plenty again. */
  lift(): void {
    this.#free = Infinity;
  }

  /** Whether a name can be made: it takes no page, but not on a disk that has none left. */
  get isFull(): boolean {
    return this.#free < 1;
  }

  /** False when there is no page left. */
  take(): boolean {
    if (this.isFull) return false;
    this.#free -= 1;
    return true;
  }

  give(pages: number): void {
    this.#free += pages;
  }

  /** Whether anything was ever refused. */
  get hasRefused(): boolean {
    return this.#hasRefused;
  }

  /** What to fail with for want of space. */
  refuse(what: string): StorageError {
    this.#hasRefused = true;
    for (const listener of this.#listeners) listener();
    return new StorageError('DISK_FULL', `there is no space for ${what}`);
  }

  onRefused(listener: () => void): void {
    this.#listeners.push(listener);
  }
}
