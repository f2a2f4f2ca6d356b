/**
 * What this member has lost because the bytes rotted, and has not got back yet from the other owners, across restarts too.
 * As long as a key is lost, whoever asks this member what it holds of it is refused: it has forgotten what it once said. What
 * the owners' own repair brings it takes, for that is how it comes whole again (see {@link Healer}).
 */
import { compareKeys } from '@kv/anti-entropy';
import type { BatchOperation, StorageEngine } from '@kv/lsm-storage/core';
import {
  decodeLossKey,
  decodeLossRecord,
  encodeAcceptorKey,
  encodeDataKey,
  encodeLossKey,
  encodeLossRecord,
  type KeyRange,
  lossRecords,
  maxLostRanges,
  type Refusal,
} from '@kv/wire';
import { nameOfRange, type Range, rangeNamed } from '../repair/range-records.ts';
import type { RecordPlace } from '../replica/replica.ts';
import type { Topology } from '../topology/topology.ts';

/** Some of the storage keys of a range. */
export interface LostKeys {
  readonly range: Range;
  readonly keys: KeyRange;
}

/** Whether what a request needs is lost. */
export interface LostPlaces {
  covers(place: RecordPlace): boolean;
}

/** For the owners' own repair, which brings back what is lost. */
export const nothingLost: LostPlaces = { covers: () => false };

export const lostRefusal: Refusal = {
  type: 'error',
  code: 'STORAGE_DAMAGED',
  message: 'what this member held of the key rotted, and has not come back from the other owners yet: nothing was done',
};

export class Losses implements LostPlaces {
  readonly #engine: StorageEngine;
  readonly #ranges = new Map<string, readonly KeyRange[]>();

  /** Reads what is stored. To be made before anything is served. */
  constructor(engine: StorageEngine) {
    this.#engine = engine;
    for (const { key, value } of engine.scan(lossRecords)) {
      if (value !== undefined) this.#ranges.set(nameOfRange(decodeLossKey(key)), decodeLossRecord(value).lost);
    }
  }

  /** The ranges of which something is lost. */
  get ranges(): Range[] {
    return [...this.#ranges.keys()].map(rangeNamed);
  }

  covers(place: RecordPlace): boolean {
    const lost = this.#ranges.size === 0 ? undefined : this.#ranges.get(nameOfRange(place));
    if (lost === undefined) return false;
    const { partition, keyspaceId, key } = place;
    const stored = [encodeDataKey(partition, keyspaceId, key), encodeAcceptorKey(partition, keyspaceId, key)];
    return stored.some((each) => lost.some((keys) => isIn(each, keys)));
  }

  /** Whether a scan of these storage keys would miss something. */
  meets(range: Range, { gte, lt }: KeyRange): boolean {
    const lost = this.#ranges.size === 0 ? undefined : this.#ranges.get(nameOfRange(range));
    return lost?.some((keys) => compareKeys(keys.gte, lt) < 0 && compareKeys(gte, keys.lt) < 0) === true;
  }

  /**
   * They are lost from the call on; resolves once no restart forgets it, nor what is to be written beside it. Writes down all
   * losses anew.
   */
  async add(keys: readonly LostKeys[], beside: readonly BatchOperation[]): Promise<void> {
    for (const { range, keys: lost } of keys) {
      const name = nameOfRange(range);
      this.#ranges.set(name, joined([...(this.#ranges.get(name) ?? []), lost]));
    }
    await this.#engine.batch([...this.#records(), ...beside]);
  }

  /** All of the range has come back. Holds once it resolves. */
  async lift(range: Range): Promise<void> {
    const name = nameOfRange(range);
    const lost = this.#ranges.get(name);
    await this.#engine.delete(encodeLossKey(range.partition, range.keyspaceId));
    // More may have been lost meanwhile: that was written behind.
    if (this.#ranges.get(name) === lost) this.#ranges.delete(name);
  }

  /** Forgets what is no keyspace any more. */
  follow(topology: Topology): void {
    for (const name of this.#ranges.keys()) {
      if (topology.keyspaceById(rangeNamed(name).keyspaceId) === undefined) this.#ranges.delete(name);
    }
  }

  #records(): BatchOperation[] {
    return [...this.#ranges].map(([name, lost]) => {
      const { partition, keyspaceId } = rangeNamed(name);
      return { type: 'put', key: encodeLossKey(partition, keyspaceId), value: encodeLossRecord({ lost }) };
    });
  }
}

function isIn(key: Uint8Array, { gte, lt }: KeyRange): boolean {
  return compareKeys(gte, key) <= 0 && compareKeys(key, lt) < 0;
}

/** In order, and none beside or over another; where there are too many, what lies between them counts as lost too. */
function joined(ranges: readonly KeyRange[]): readonly KeyRange[] {
  const sorted = [...ranges].sort((a, b) => compareKeys(a.gte, b.gte));
  const result: KeyRange[] = [];
  for (const each of sorted) {
    const last = result.at(-1);
    if (last === undefined || compareKeys(last.lt, each.gte) < 0) result.push(each);
    else if (compareKeys(last.lt, each.lt) < 0) result.splice(-1, 1, { gte: last.gte, lt: each.lt });
  }
  const [first] = result;
  const last = result.at(-1);
  if (result.length <= maxLostRanges || first === undefined || last === undefined) return result;
  return [{ gte: first.gte, lt: last.lt }];
}
