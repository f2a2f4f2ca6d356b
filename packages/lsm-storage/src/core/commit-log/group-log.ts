/** Hands groups to the log, each memtable's to a segment of its own, and makes them as durable as was asked for. */

import type { Memtable } from '../memtable/memtable.ts';
import type { ResolvedOptions } from '../options.ts';
import type { StorageClock } from '../ports/clock.ts';
import type { CommitLog } from './commit-log.ts';
import type { ClosedGroup } from './group-commit.ts';

export interface GroupLogDependencies {
  readonly log: CommitLog;
  readonly clock: StorageClock;
  /** Called when a sync failed: what is durable is unknown then, and nothing may follow. */
  readonly failed: (cause: unknown) => void;
}

/** Bytes that the operating system may gather before it is told to write them where nobody asked for it yet. */
const SYNC_AHEAD_BYTES = 8 * 1024 * 1024;

export class GroupLog {
  readonly #use: GroupLogDependencies;
  readonly #options: ResolvedOptions;
  /** The memtable that the newest segment was begun for. */
  #logged: Memtable | undefined;
  #syncing: Promise<void> | undefined;

  constructor(dependencies: GroupLogDependencies, options: ResolvedOptions) {
    this.#use = dependencies;
    this.#options = options;
  }

  /** Resolves when the group may be acknowledged. */
  async append(group: ClosedGroup): Promise<void> {
    const { log } = this.#use;
    const { memtable, firstSequence } = group;
    if (this.#logged !== memtable) {
      memtable.segments.push(await log.beginSegment(firstSequence));
      this.#logged = memtable;
    }
    await log.append(group);
    if (this.#options.durability === 'group') await this.#sync();
    else if (this.#options.durability === 'periodic') this.#syncing ??= this.#syncLater();
    else if (log.unsyncedBytes >= SYNC_AHEAD_BYTES) this.#syncing ??= this.#syncAhead();
  }

  /** A full disk found out by a sync is no less a failure: the kernel may have dropped what it could not write. */
  async #sync(): Promise<void> {
    try {
      await this.#use.log.sync();
    } catch (error) {
      this.#use.failed(error);
      throw error;
    }
  }

  /** Without an end to wait for: the sync that ends the segment has the less to do. */
  async #syncAhead(): Promise<void> {
    await this.#sync().catch(() => undefined);
    this.#syncing = undefined;
  }

  async #syncLater(): Promise<void> {
    await this.#use.clock.pause(this.#options.syncEveryMs);
    this.#syncing = undefined;
    await this.#sync().catch(() => undefined);
  }
}
