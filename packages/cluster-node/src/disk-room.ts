/**
 * Whether this member's disk has room for its writes, as they find out. A disk that is full is no broken one: what it
 * refused was not done, what it holds can be read, and it takes writes again once there is room.
 */
import { StorageError } from '@kv/lsm-storage/core';
import type { Counters } from './counters.ts';
import type { Clock, Log } from './ports.ts';

export interface DiskRoomDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Counters;
}

/** A disk that was full and refused nothing for so long has room: a small write may find some where a large one does not. */
const quietMs = 10_000;

export class DiskRoom {
  readonly #dependencies: DiskRoomDependencies;
  /** Of the present shortage: monotonic milliseconds of its first refusal and of its last. */
  #shortage: { readonly since: number; last: number } | undefined;

  constructor(dependencies: DiskRoomDependencies) {
    this.#dependencies = dependencies;
  }

  /** Milliseconds since the first write was refused; `undefined` while there is room. */
  get fullForMs(): number | undefined {
    if (this.#shortage === undefined) return undefined;
    return this.#dependencies.clock.monotonicMs() - this.#shortage.since;
  }

  /**
   * True for a write that the engine refused for want of room alone: then nothing of it was done, nor will be. Whatever
   * else it failed with leaves that unknown.
   */
  wasMissing(error: unknown): error is StorageError {
    if (!(error instanceof StorageError) || error.code !== 'DISK_FULL') return false;
    const { clock, log, counters } = this.#dependencies;
    const now = clock.monotonicMs();
    counters.diskFullRefusals += 1;
    if (this.#shortage === undefined) {
      this.#shortage = { since: now, last: now };
      log.error('disk-full', { error });
    }
    this.#shortage.last = now;
    return true;
  }

  /** A write is durable. */
  wasThere(): void {
    if (this.#shortage === undefined) return;
    const { clock, log } = this.#dependencies;
    const now = clock.monotonicMs();
    if (now - this.#shortage.last < quietMs) return;
    log.info('disk-has-room', { afterMs: Math.round(now - this.#shortage.since) });
    this.#shortage = undefined;
  }
}
