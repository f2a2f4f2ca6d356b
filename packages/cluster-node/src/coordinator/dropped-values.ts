/**
 * A replica whose clock is ahead gives back the room of a value before the clock of the coordinator calls it expired. For
 * the coordinator that replica holds the version, but not the bytes: it must not answer that the value is gone while
 * another owner may still have it. So it asks all other owners for the bytes, of this version or of a newer one.
 *
 * - One has them: it is as if the first had answered with the version and this one with the value.
 * - All answered and none has: by the clock of each that held it the value is expired, and so it is to the reader.
 * - Some could not be asked: nobody knows. Whoever dropped the value counts as not having answered.
 */
import { type Held, newerOf, sameVersion, type Version } from '@kv/quorum';
import { isDropped, isExpired, type StoredRecord } from '../record.ts';
import type { ReplicaCallbacks } from './replica-access.ts';

export interface DroppedValuesActions {
  /** Asks an owner for its record. */
  readonly read: (from: string, callbacks: ReplicaCallbacks<Held<StoredRecord>>) => void;
  /** Tells the read what an owner holds. */
  readonly receive: (replica: string, held: Held<StoredRecord>) => void;
  readonly refuse: (replica: string) => void;
}

export class DroppedValues {
  readonly #owners: readonly string[];
  readonly #nowMs: number;
  readonly #actions: DroppedValuesActions;
  /** What those who dropped the bytes hold. */
  readonly #dropped = new Map<string, Held<StoredRecord>>();
  /** Owners that were asked and have not answered; `undefined` before the first was. */
  #asked: Set<string> | undefined;
  #newestFound: Version | undefined;
  #someFailed = false;

  /** @param nowMs what deadlines are held against */
  constructor(owners: readonly string[], nowMs: number, actions: DroppedValuesActions) {
    this.#owners = owners;
    this.#nowMs = nowMs;
    this.#actions = actions;
  }

  /** Whether this is a live value without its bytes. */
  isOne({ value }: Held<StoredRecord>): boolean {
    return value !== undefined && value.value.length === 0 && isDropped(value) && !isExpired(value, this.#nowMs);
  }

  take(from: string, held: Held<StoredRecord>): void {
    this.#dropped.set(from, held);
    this.#actions.receive(from, { version: held.version });
    if (this.#asked === undefined) this.#askOthers(from);
    else if (this.#asked.size === 0) this.#settle(from, held);
  }

  #askOthers(first: string): void {
    const others = this.#owners.filter((owner) => owner !== first);
    this.#asked = new Set(others);
    for (const owner of others) {
      this.#actions.read(owner, {
        answered: (held) => {
          if (this.isOne(held)) this.#dropped.set(owner, held);
          else if (held.value !== undefined) this.#found(owner, held);
          this.#answered(owner);
        },
        failed: () => {
          this.#someFailed = true;
          this.#answered(owner);
        },
      });
    }
    if (others.length === 0) this.#settleAll();
  }

  #found(owner: string, held: Held<StoredRecord>): void {
    this.#newestFound = newerOf(this.#newestFound, held.version);
    this.#actions.receive(owner, held);
  }

  #answered(owner: string): void {
    this.#asked?.delete(owner);
    if (this.#asked?.size === 0) this.#settleAll();
  }

  #settleAll(): void {
    for (const [replica, held] of this.#dropped) this.#settle(replica, held);
  }

  /** A read that was answered meanwhile ignores both. */
  #settle(replica: string, held: Held<StoredRecord>): void {
    if (sameVersion(newerOf(this.#newestFound, held.version), this.#newestFound)) return;
    if (this.#someFailed) this.#actions.refuse(replica);
    else this.#actions.receive(replica, held);
  }
}
