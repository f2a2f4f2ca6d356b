/**
 * Issues versions from the hybrid logical clock, and keeps on disk a ceiling that no issued stamp has reached: after a
 * crash the clock starts from there, so that a wall clock set back never issues the same stamp twice. The ceiling also rises
 * above stamps of others that are to be remembered, but nothing waits for that.
 */
import { compareStamps, type HybridLogicalClock, maxStampMs, type Stamp, type Version } from '@kv/quorum';
import type { BatchOperation, StorageEngine } from '@kv/lsm-storage/core';
import { systemKey } from '@kv/wire';
import { RequestError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { StorageFailures, WriteFailure } from '../storage-failures.ts';
import { decodeWholeNumber, encodeWholeNumber } from '../whole-number.ts';

const ceilingKey = systemKey('clock-ceiling');

export interface StampSourceDependencies {
  readonly engine: StorageEngine;
  readonly clock: Clock;
  readonly hlc: HybridLogicalClock;
  readonly failures: StorageFailures;
  /** The foremost of all wall clocks known, in milliseconds since 1970. */
  readonly foremostMs: () => number;
}

interface Waiting {
  readonly done: (version: Version) => void;
  readonly refused: (error: RequestError) => void;
}

export class StampSource {
  readonly #dependencies: StampSourceDependencies;
  readonly #actor: string;
  readonly #reserveMs: number;
  /** Durable. Invariant: every issued stamp has ms below it. */
  #ceilingMs: number;
  /** Where this life's clock began. */
  readonly #floor: Stamp;
  #raising = false;
  /** What was begun to be written last. */
  #nextCeilingMs = 0;
  readonly #waiting: Waiting[] = [];

  /** @param actor 32 hexadecimal digits, unique to this member */
  constructor(dependencies: StampSourceDependencies, actor: string, reserveMs: number) {
    this.#dependencies = dependencies;
    this.#actor = actor;
    this.#reserveMs = reserveMs;
    this.#floor = readCeiling(dependencies.engine);
    this.#ceilingMs = this.#floor.ms;
  }

  /**
   * Calls back with a new version: at once while the ceiling is high enough, else when it has been raised. `refused` with
   * `DISK_FULL` instead when there is no room to raise it; a later call tries again.
   */
  issue(done: Waiting['done'], refused: Waiting['refused']): void {
    const { hlc, clock } = this.#dependencies;
    const next = Math.max(clock.wallMs(), hlc.latest.ms + 1);
    if (next < this.#ceilingMs) {
      done({ ...hlc.issue(clock.wallMs()), actor: this.#actor });
    } else {
      this.#waiting.push({ done, refused });
    }
    this.#reserve(next);
  }

  /**
   * Has the next life of this member know a stamp that it did not issue: soon, and usually already, for the ceiling is ahead.
   * What the last life left is known anyway; to reserve above that again would push the clock ahead with every start.
   */
  remember(stamp: Stamp): void {
    if (compareStamps(stamp, this.#floor) <= 0 || this.#dependencies.failures.room.fullForMs !== undefined) return;
    this.#reserve(stamp.ms);
  }

  /** As the ceiling is, to be written anew: what is stored of it is about to go. */
  restated(): BatchOperation[] {
    return [{ type: 'put', key: ceilingKey, value: encodeCeiling(Math.max(this.#ceilingMs, this.#nextCeilingMs)) }];
  }

  /**
   * Stamps rise as the foremost wall clock does, or by a millisecond now and then. So the ceiling is kept ahead of that
   * clock, and only a little ahead of a stamp that is beyond it.
   */
  #reserve(ms: number): void {
    const foremostMs = this.#dependencies.foremostMs();
    const isAhead = foremostMs <= this.#ceilingMs - this.#reserveMs / 2;
    if (isAhead && ms < this.#ceilingMs) return;
    this.#raise(Math.max(foremostMs + this.#reserveMs, ms + Math.max(1, this.#reserveMs / 4)));
  }

  #raise(ceilingMs: number): void {
    if (this.#raising) return;
    this.#raising = true;
    this.#nextCeilingMs = ceilingMs;
    this.#dependencies.engine.put(ceilingKey, encodeCeiling(ceilingMs)).then(
      () => this.#raised(Math.trunc(ceilingMs)),
      (error: unknown) => this.#dependencies.failures.ofWrite(error, (failure) => this.#notRaised(error, failure)),
    );
  }

  #raised(ceilingMs: number): void {
    this.#raising = false;
    this.#ceilingMs = ceilingMs;
    this.#dependencies.failures.room.wasThere();
    for (const { done, refused } of this.#waiting.splice(0)) this.issue(done, refused);
  }

  #notRaised(error: unknown, failure: WriteFailure): void {
    if (failure !== 'DISK_FULL') return;
    this.#raising = false;
    const message = "this member's disk is full: it cannot stamp the write; nothing was written";
    for (const { refused } of this.#waiting.splice(0)) {
      refused(new RequestError('DISK_FULL', message, { cause: error }));
    }
  }
}

/** The floor for this life's clock: above every stamp that earlier lives issued. */
export function readCeiling(engine: StorageEngine): Stamp {
  const stored = engine.getSync(ceilingKey);
  if (stored === undefined) return { ms: 0, counter: 0 };
  return { ms: decodeWholeNumber(stored), counter: 0 };
}

function encodeCeiling(ms: number): Uint8Array {
  return encodeWholeNumber(Math.min(Math.trunc(ms), maxStampMs));
}
