/** What it means when this member's own storage could not do what it was asked: for who asked, and for the member. */
import type { DiskRoom } from './disk-room.ts';
import type { StorageDamage } from './storage-damage.ts';

/** `DISK_FULL`, `STORAGE_DAMAGED`: nothing was done. `STORAGE_FAILED`: it may have been done, and this member stops. */
export type WriteFailure = 'DISK_FULL' | 'STORAGE_DAMAGED' | 'STORAGE_FAILED';

/** What to tell another member with the code. */
export const writeFailureMessages: Readonly<Record<WriteFailure, string>> = {
  DISK_FULL: "this member's disk is full: nothing was written",
  STORAGE_DAMAGED: 'this member could not read what it holds of the key: nothing was written',
  STORAGE_FAILED: 'this member could not make the write durable',
};

export class StorageFailures {
  readonly room: DiskRoom;
  readonly damage: StorageDamage;
  readonly #stop: (error: unknown) => void;

  /** @param stop what this member holds can no longer be trusted to be complete */
  constructor(room: DiskRoom, damage: StorageDamage, stop: (error: unknown) => void) {
    this.room = room;
    this.damage = damage;
    this.#stop = stop;
  }

  /** A write failed. Calls back with what that means, before the member stops if it must. */
  ofWrite(error: unknown, failed: (failure: WriteFailure) => void): void {
    const failure = this.#judge(error);
    failed(failure);
    if (failure === 'STORAGE_FAILED') this.#stop(error);
  }

  #judge(error: unknown): WriteFailure {
    if (this.room.wasMissing(error)) return 'DISK_FULL';
    return this.damage.keptFromDeciding(error) ? 'STORAGE_DAMAGED' : 'STORAGE_FAILED';
  }
}
