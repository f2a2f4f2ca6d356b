/**
 * Up to when everything in this member's ranges was known to be with all their other owners, across restarts too: what was not
 * compared for a week before a restart has been owed for a week after it as well.
 */
import type { BatchOperation, StorageEngine } from '@kv/lsm-storage/core';
import { systemKey } from '@kv/wire';
import type { Clock } from '../ports.ts';
import type { StorageFailures } from '../storage-failures.ts';
import { decodeWholeNumber, encodeWholeNumber } from '../whole-number.ts';

const confirmedKey = systemKey('confirmed-time');
/** It is written anew when so many milliseconds were gained: a restart may count so much too much. */
const writeEveryMs = 10_000;

export interface ConfirmedTimeDependencies {
  readonly engine: StorageEngine;
  readonly clock: Clock;
  readonly failures: StorageFailures;
}

export class ConfirmedTime {
  readonly #dependencies: ConfirmedTimeDependencies;
  /** Milliseconds since 1970; `undefined`: nothing was ever compared here. */
  #writtenMs: number | undefined;

  constructor(dependencies: ConfirmedTimeDependencies) {
    const stored = dependencies.engine.getSync(confirmedKey);
    this.#dependencies = dependencies;
    this.#writtenMs = stored && decodeWholeNumber(stored);
  }

  /** How long ago that was, in milliseconds by this member's own clock; 0 where there is nothing to go by. */
  get ageMs(): number {
    if (this.#writtenMs === undefined) return 0;
    return Math.max(0, this.#dependencies.clock.wallMs() - this.#writtenMs);
  }

  /** Everything was known to be with all so many milliseconds ago. */
  note(ageMs: number): void {
    const { engine, clock, failures } = this.#dependencies;
    const confirmedMs = Math.trunc(clock.wallMs() - ageMs);
    if (this.#writtenMs !== undefined && Math.abs(confirmedMs - this.#writtenMs) < writeEveryMs) return;
    this.#writtenMs = confirmedMs;
    engine.put(confirmedKey, encodeWholeNumber(confirmedMs)).then(
      () => failures.room.wasThere(),
      (error: unknown) => failures.ofWrite(error, () => undefined),
    );
  }

  /** As it is, to be written anew: what is stored of it is about to go. */
  restated(): BatchOperation[] {
    if (this.#writtenMs === undefined) return [];
    return [{ type: 'put', key: confirmedKey, value: encodeWholeNumber(this.#writtenMs) }];
  }
}
