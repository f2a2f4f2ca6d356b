/** An explicit snapshot of Level: a token that holds one of the engine's. */

import { AbstractSnapshot } from 'abstract-level';
import type { Snapshot } from '../core/index.ts';

export interface SnapshotOwner {
  /** The database or sublevel whose closing closes the snapshot. */
  readonly owner: object;
}

/** The published types leave the constructor's parameter out. */
const OwnedSnapshot: new (options: SnapshotOwner) => AbstractSnapshot = AbstractSnapshot;

export class LevelSnapshot extends OwnedSnapshot {
  readonly #snapshot: Snapshot;

  /** Releases the engine's snapshot when it is closed and no operation uses it any more. */
  constructor(snapshot: Snapshot, options: SnapshotOwner) {
    super(options);
    this.#snapshot = snapshot;
  }

  get reads(): Snapshot {
    return this.#snapshot;
  }

  protected async _close(): Promise<void> {
    this.#snapshot.release();
  }
}
