/**
 * A ballot that none which this member's acceptors were ever offered is above, across restarts too. Should what an acceptor
 * promised rot, to promise this much again is to promise no less. It is kept a little ahead, so that hardly any promise waits
 * for it.
 */
import type { BatchOperation, StorageEngine } from '@kv/lsm-storage/core';
import { type Ballot, maxStampCounter, type Stamp } from '@kv/quorum';
import { systemKey } from '@kv/wire';
import type { StorageFailures, WriteFailure } from '../storage-failures.ts';
import { decodeWholeNumber, encodeWholeNumber } from '../whole-number.ts';
import { ballotsPerMs } from './ballot-source.ts';

const ceilingKey = systemKey('ballot-ceiling');
const reserve = 3000 * ballotsPerMs;

interface Waiting {
  readonly ballot: Ballot;
  readonly covered: () => void;
  readonly failed: (failure: WriteFailure) => void;
}

export class BallotCeiling {
  readonly #engine: Pick<StorageEngine, 'put'>;
  readonly #failures: StorageFailures;
  /** Durable. */
  #ceiling: number;
  /** What the newest write that may yet succeed makes it. */
  #next: number;
  /** What any write ever said: a later one says no less, since it is what a restart finds. */
  #written: number;
  #waiting: Waiting[] = [];

  constructor(engine: Pick<StorageEngine, 'put' | 'getSync'>, failures: StorageFailures) {
    this.#engine = engine;
    this.#failures = failures;
    const stored = engine.getSync(ceilingKey);
    this.#ceiling = stored === undefined ? 0 : decodeWholeNumber(stored);
    this.#next = this.#ceiling;
    this.#written = this.#ceiling;
  }

  /** Calls back when the ballot is below what is remembered: at once nearly always. */
  cover(ballot: Ballot, covered: () => void, failed: (failure: WriteFailure) => void): void {
    if (ballot.counter < this.#ceiling) covered();
    else this.#waiting.push({ ballot, covered, failed });
    if (ballot.counter + reserve / 2 >= this.#next) this.#raise(ballot.counter + reserve);
  }

  /** A seal up to which is a promise not below any that was ever made here. */
  get seal(): Stamp {
    return { ms: Math.ceil(this.#written / ballotsPerMs), counter: maxStampCounter };
  }

  /** As it is, to be written anew: what is stored of it is about to go. */
  restated(): BatchOperation[] {
    return [{ type: 'put', key: ceilingKey, value: encodeWholeNumber(this.#written) }];
  }

  /** Each write is for all that wait when it is begun. */
  #raise(counter: number): void {
    const next = Math.min(Math.max(counter, this.#written), Number.MAX_SAFE_INTEGER);
    this.#next = next;
    this.#written = next;
    this.#engine.put(ceilingKey, encodeWholeNumber(next)).then(
      () => {
        this.#failures.room.wasThere();
        this.#ceiling = Math.max(this.#ceiling, next);
        this.#next = Math.max(this.#next, next);
        for (const { covered } of this.#take()) covered();
      },
      (error: unknown) =>
        this.#failures.ofWrite(error, (failure) => {
          this.#next = this.#ceiling;
          for (const { failed } of this.#waiting.splice(0)) failed(failure);
        }),
    );
  }

  #take(): Waiting[] {
    const [below, above]: [Waiting[], Waiting[]] = [[], []];
    for (const each of this.#waiting) (each.ballot.counter < this.#ceiling ? below : above).push(each);
    this.#waiting = above;
    return below;
  }
}
