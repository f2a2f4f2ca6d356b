/**
 * Damage that reading found in what this member stores. What needs the damaged place is refused, and everything else is
 * served: one block that rotted must not take a whole member with it. Each place is told once.
 */
import { CorruptionError, StorageError } from '@kv/lsm-storage/core';
import type { Counters } from './counters.ts';
import type { Log } from './ports.ts';

/** Places that are remembered as told. */
const mostPlaces = 1000;

export class StorageDamage {
  readonly #log: Log;
  readonly #counters: Counters;
  readonly #told = new Set<string>();
  #found: (file: string) => void = () => undefined;

  constructor({ log, counters }: { readonly log: Log; readonly counters: Counters }) {
    this.#log = log;
    this.#counters = counters;
  }

  /**
   * True for a write that failed because the engine could not read what is stored under the key, and so could not decide:
   * then nothing was done. A write that fails on its way to the disk ends the engine, and fails with another code.
   */
  keptFromDeciding(error: unknown): boolean {
    if (!(error instanceof StorageError) || (error.code !== 'CORRUPTION' && error.code !== 'IO_ERROR')) return false;
    this.tell(error);
    return true;
  }

  /** Calls `listener` with the file in which damage is found, each time that it is met. */
  onFound(listener: (file: string) => void): void {
    this.#found = listener;
  }

  /** Reading failed. */
  tell(error: unknown): void {
    this.#counters.damagedReads += 1;
    if (error instanceof CorruptionError) this.#found(error.file);
    const place = error instanceof CorruptionError ? `${error.file} ${error.offset}` : String(error);
    if (this.#told.has(place) || this.#told.size >= mostPlaces) return;
    this.#told.add(place);
    this.#log.error('storage-damaged', { error });
  }
}
