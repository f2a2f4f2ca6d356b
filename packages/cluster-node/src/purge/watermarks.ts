/**
 * How far each range was purged, and what this member takes no more of it, across restarts too: one small record for each
 * range that was ever sealed.
 *
 * The owners of a range agree on its watermark in three steps, driven by the first of them (see {@link PurgeRound}). Every member
 * of the cluster takes no hint up to a stamp any more, and keeps none; then every owner takes no write up to it from outside; then
 * each owner is compared with all others. From there on every owner has the newest of what was ever written up to the stamp, and
 * nothing older can come in: deletions up to it have nothing left to hide.
 */
import type { BatchOperation, StorageEngine } from '@kv/lsm-storage/core';
import { compareStamps, type Stamp, zeroStamp } from '@kv/quorum';
import {
  decodePurgeKey,
  decodePurgeRecord,
  encodePurgeKey,
  encodePurgeRecord,
  type PurgeRecord,
  purgeRecords,
} from '@kv/wire';
import type { Range } from '../repair/range-records.ts';
import type { StorageFailures } from '../storage-failures.ts';
import type { Topology } from '../topology/topology.ts';

export interface WatermarksDependencies {
  readonly engine: StorageEngine;
  readonly failures: StorageFailures;
  readonly topology: () => Topology;
}

const untouched: PurgeRecord = { watermark: zeroStamp, sealed: zeroStamp, hintsSealed: zeroStamp };

interface Marks {
  /** What is durable, and holds: nobody is refused, nor told of a promise, by what a crash could make forgotten. */
  holding: PurgeRecord;
  /** What the last write that was begun says. */
  written: PurgeRecord;
  /** The seal before which all that was decided without it is durable. */
  settled: Stamp;
}

export class Watermarks {
  readonly #dependencies: WatermarksDependencies;
  readonly #ranges = new Map<number, Marks>();

  /** Reads what is stored. To be made before the first write. */
  constructor(dependencies: WatermarksDependencies) {
    this.#dependencies = dependencies;
    for (const { key, value } of dependencies.engine.scan(purgeRecords)) {
      if (value === undefined) continue;
      const record = decodePurgeRecord(value);
      this.#ranges.set(numberOf(decodePurgeKey(key)), {
        ...{ holding: record, written: record, settled: record.sealed },
      });
    }
  }

  of(range: Range): PurgeRecord {
    return this.#ranges.get(numberOf(range))?.holding ?? untouched;
  }

  /**
   * The seal that may be told of as a promise: whoever is told of a higher one could be told later of a lower promise, from
   * before the seal, that took longer to become durable.
   */
  settled(range: Range): Stamp {
    return this.#ranges.get(numberOf(range))?.settled ?? zeroStamp;
  }

  /** No hint up to the stamp is taken once it is `done`, durably if true; and what was taken before is durable too. */
  sealHints(range: Range, upTo: Stamp, done: (durable: boolean) => void): void {
    this.#seal(range, { hintsSealed: upTo }, done);
  }

  /** As {@link sealHints}, of writes from outside. */
  seal(range: Range, upTo: Stamp, done: (durable: boolean) => void): void {
    this.#seal(range, { sealed: upTo, hintsSealed: upTo }, done);
  }

  /** Some owner holds this watermark, so it holds for all of them. It holds here once it is durable. */
  raise(range: Range, watermark: Stamp, done: (durable: boolean) => void = () => undefined): void {
    if (compareStamps(watermark, this.of(range).watermark) <= 0) done(true);
    else this.#seal(range, { watermark, sealed: watermark, hintsSealed: watermark }, done);
  }

  /** As they are, to be written anew: what is stored of them is about to go. */
  restated(): BatchOperation[] {
    return [...this.#ranges].map(([range, { written }]) => ({
      type: 'put',
      key: encodePurgeKey(range % mostPartitions, Math.floor(range / mostPartitions)),
      value: encodePurgeRecord(written),
    }));
  }

  /** Forgets what is no keyspace any more. */
  follow(topology: Topology): void {
    for (const range of this.#ranges.keys()) {
      const keyspaceId = Math.floor(range / mostPartitions);
      if (topology.keyspaceById(keyspaceId) === undefined) this.#ranges.delete(range);
    }
  }

  /** What was decided before the seal held lies before the second write in the log. */
  #seal(range: Range, raised: Partial<PurgeRecord>, done: (durable: boolean) => void): void {
    const settle = (durable: boolean): void => {
      const marks = this.#ranges.get(numberOf(range));
      if (durable && marks !== undefined) marks.settled = higher(marks.settled, raised.sealed ?? zeroStamp);
      done(durable);
    };
    this.#change(range, raised, (durable) => {
      if (durable) this.#change(range, raised, settle);
      else done(false);
    });
  }

  #change(range: Range, raised: Partial<PurgeRecord>, done: (durable: boolean) => void): void {
    const { engine, failures, topology } = this.#dependencies;
    if (topology().keyspaceById(range.keyspaceId) === undefined) {
      done(false);
      return;
    }
    const marks = this.#ranges.get(numberOf(range)) ?? { holding: untouched, written: untouched, settled: zeroStamp };
    const next = highest(marks.written, { ...marks.written, ...raised });
    this.#ranges.set(numberOf(range), marks);
    marks.written = next;
    engine.put(encodePurgeKey(range.partition, range.keyspaceId), encodePurgeRecord(next)).then(
      () => {
        failures.room.wasThere();
        marks.holding = highest(marks.holding, next);
        done(true);
      },
      (error: unknown) => failures.ofWrite(error, () => done(false)),
    );
  }
}

const mostPartitions = 65_536;

/** One number for each range: a small one, since every write looks here. */
function numberOf({ partition, keyspaceId }: Range): number {
  return keyspaceId * mostPartitions + partition;
}

function highest(a: PurgeRecord, b: PurgeRecord): PurgeRecord {
  return {
    watermark: higher(a.watermark, b.watermark),
    sealed: higher(a.sealed, b.sealed),
    hintsSealed: higher(a.hintsSealed, b.hintsSealed),
  };
}

function higher(a: Stamp, b: Stamp): Stamp {
  return compareStamps(a, b) >= 0 ? a : b;
}
