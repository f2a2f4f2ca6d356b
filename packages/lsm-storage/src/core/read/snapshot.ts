/**
 * The store as it was at one moment, for as long as it is wanted. It keeps the files and memtables of that moment, so
 * that a snapshot held for long costs the space of what was replaced since, and up to two memtables of memory.
 */

import { StorageError } from '../errors.ts';
import type { StorageClock } from '../ports/clock.ts';
import type { StoreVersion } from '../store/store-version.ts';
import type { ReadsUnderWay } from './reads-under-way.ts';
import { StoreReads } from './store-reads.ts';

export interface SnapshotSource {
  readonly version: StoreVersion;
  readonly upTo: number;
  readonly clock: StorageClock;
  readonly underWay: ReadsUnderWay;
  readonly assertOpen: () => void;
}

export class Snapshot extends StoreReads {
  readonly #source: SnapshotSource;
  #released = false;

  /** Holds the version until it is released. */
  constructor(source: SnapshotSource) {
    super();
    this.#source = source;
    source.version.retain();
  }

  /** Lets go of what was kept for it; reads fail with `CLOSED` afterwards. Idempotent. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#source.version.release();
  }

  protected override assertOpen(): void {
    if (this.#released) throw new StorageError('CLOSED', 'the snapshot was released');
    this.#source.assertOpen();
  }

  protected override get version(): StoreVersion {
    return this.#source.version;
  }

  protected override get upTo(): number {
    return this.#source.upTo;
  }

  protected override get clock(): StorageClock {
    return this.#source.clock;
  }

  protected override get underWay(): ReadsUnderWay {
    return this.#source.underWay;
  }
}
