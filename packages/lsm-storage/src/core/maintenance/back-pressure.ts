/**
 * Holds writers back when flushes and compactions fall behind: first a little with each group, then altogether. It is
 * the promise of the write that waits; nothing blocks, and reads are not affected.
 */

import type { Memtable } from '../memtable/memtable.ts';
import type { ResolvedOptions } from '../options.ts';
import type { StorageClock } from '../ports/clock.ts';
import type { Store } from '../store/store.ts';
import type { Compactor } from './compactor.ts';
import type { Flusher } from './flusher.ts';

/** Memtables that may wait to be flushed. */
const WAITING_MEMTABLES = 2;
/** Pause before each group, for each run above `slowdownRuns`. */
const PAUSE_PER_RUN_MS = 1;

export class BackPressure {
  readonly #store: Store;
  readonly #flusher: Flusher;
  readonly #compactor: Compactor;
  readonly #clock: StorageClock;
  readonly #options: ResolvedOptions;
  #slowdowns = 0;
  #stops = 0;
  #stalledMs = 0;

  constructor(store: Store, flusher: Flusher, compactor: Compactor, clock: StorageClock, options: ResolvedOptions) {
    this.#store = store;
    this.#flusher = flusher;
    this.#compactor = compactor;
    this.#clock = clock;
    this.#options = options;
  }

  /** Groups that were logged a little later, and groups that waited for a flush or a compaction. */
  get slowdowns(): number {
    return this.#slowdowns;
  }

  get stops(): number {
    return this.#stops;
  }

  /** How long groups were held back, together. */
  get stalledMs(): number {
    return this.#stalledMs;
  }

  /** Resolves when a group of this memtable may be logged; fails with `DISK_FULL` while there is no space to flush. */
  async admit(memtable: Memtable): Promise<void> {
    if (this.#mustStop(memtable)) {
      this.#stops++;
      await this.#stalled(this.#stop(memtable));
    }
    const tooMany = this.#store.current.runs.length - this.#options.slowdownRuns;
    if (tooMany <= 0 || this.#compactor.running === undefined) return;
    this.#slowdowns++;
    await this.#stalled(this.#clock.pause(tooMany * PAUSE_PER_RUN_MS));
  }

  async #stalled(waiting: Promise<void>): Promise<void> {
    const begun = this.#clock.now();
    try {
      await waiting;
    } finally {
      this.#stalledMs += Math.max(0, this.#clock.now() - begun);
    }
  }

  #mustStop(memtable: Memtable): boolean {
    return this.#waitingBefore(memtable) > WAITING_MEMTABLES || this.#tooManyRuns();
  }

  /** Only those older than the group's own: its own cannot be flushed before the group is logged. */
  #waitingBefore(memtable: Memtable): number {
    const { memtables } = this.#store.current;
    return memtables.length - 1 - memtables.indexOf(memtable);
  }

  #tooManyRuns(): boolean {
    return this.#store.current.runs.length > this.#options.stopRuns && this.#compactor.running !== undefined;
  }

  async #stop(memtable: Memtable): Promise<void> {
    while (this.#waitingBefore(memtable) > WAITING_MEMTABLES) {
      if (this.#flusher.diskFull !== undefined) throw this.#flusher.diskFull;
      if (this.#flusher.running === undefined) return;
      await this.#flusher.running;
    }
    while (this.#tooManyRuns()) await this.#compactor.running;
  }
}
