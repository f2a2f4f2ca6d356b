/**
 * The part of a member that stores: it applies writes and serves reads for the partitions it owns. It decides only by
 * version, atomically inside the storage engine, so that any order of arrival leaves the highest version.
 */
import type { Decide, Offered, StorageEngine } from '@kv/lsm-storage/core';
import { compareStamps, type HybridLogicalClock, type SiblingSet, type Stamp, type Version } from '@kv/quorum';
import {
  compareMetaVersions,
  deadlineOfMeta,
  encodeDataKey,
  isSiblingSetMeta,
  isTombstoneMeta,
  type Refusal,
  type ReplicaReadReply,
  type ReplicaWriteReply,
  type SiblingValue,
  versionOfMeta,
  versionBytesOfMeta,
  type Want,
} from '@kv/wire';
import type { Counters } from '../counters.ts';
import { belowWatermark, isPurged, refusedUpTo } from '../purge/below-watermark.ts';
import type { Deletions } from '../purge/deletions.ts';
import type { Watermarks } from '../purge/watermarks.ts';
import type { StoredRecord } from '../record.ts';
import { maxDeadlineMs } from '../time-to-live.ts';
import type { VersionChange, WriteNote } from '../repair/range-tree.ts';
import type { RangeTrees } from '../repair/range-trees.ts';
import type { StorageFailures, WriteFailure } from '../storage-failures.ts';
import type { SiblingStrategies } from '../strategies.ts';
import { type GivenWrite, givingDecision, mergingDecision } from './sibling-decisions.ts';

/** Where a record lives: partition and keyspace make the prefix under which the engine keeps it. */
export interface RecordPlace {
  readonly partition: number;
  readonly keyspaceId: number;
  readonly key: Uint8Array;
}

/** One character for each byte of the key: equal for equal keys of a keyspace. */
export function nameOfPlace({ keyspaceId, key }: RecordPlace): string {
  let name = `${keyspaceId}/`;
  for (const byte of key) name += String.fromCharCode(byte);
  return name;
}

/** With the epoch of the topology that the request was planned with. */
export interface PlannedPlace extends RecordPlace {
  readonly epoch: number;
}

export interface ReplicaDependencies {
  readonly engine: StorageEngine;
  readonly counters: Counters;
  readonly decide: Decide;
  readonly siblings: SiblingStrategies;
  readonly hlc: HybridLogicalClock;
  readonly trees: RangeTrees;
  readonly failures: StorageFailures;
  readonly watermarks: Watermarks;
  readonly deletions: Deletions;
}

export interface WriteContext {
  readonly failed: (failure: WriteFailure) => void;
  /** Of a record that the owners' own repair brings: the watermark of the owner that it was read at. */
  readonly readUnder?: Stamp | undefined;
}

export class Replica {
  readonly #engine: StorageEngine;
  readonly #counters: Counters;
  readonly #decide: Decide;
  readonly #siblings: SiblingStrategies;
  readonly #hlc: HybridLogicalClock;
  readonly #trees: RangeTrees;
  readonly #failures: StorageFailures;
  readonly #watermarks: Watermarks;
  readonly #deletions: Deletions;

  constructor(dependencies: ReplicaDependencies) {
    const { engine, counters, decide, siblings, hlc, trees, failures, watermarks, deletions } = dependencies;
    this.#engine = engine;
    this.#counters = counters;
    this.#decide = decide;
    this.#siblings = siblings;
    this.#hlc = hlc;
    this.#trees = trees;
    this.#failures = failures;
    this.#watermarks = watermarks;
    this.#deletions = deletions;
  }

  /**
   * Calls back once what this replica then holds is durable, or with what kept it from being so. A refusal means
   * that nothing was done.
   */
  write(
    place: RecordPlace,
    record: StoredRecord,
    done: (reply: ReplicaWriteReply | Refusal) => void,
    { failed, readUnder }: WriteContext,
  ): void {
    this.#counters.replicaWrites += 1;
    const merging = isSiblingSetMeta(record.meta) ? mergingDecision(record, this.#siblings) : undefined;
    const version = versionOfMeta(record.meta);
    const isTooOld = (): boolean => {
      const upTo = refusedUpTo(this.#watermarks.of(place), readUnder);
      return compareStamps(version, upTo) <= 0 || merging?.bringsBack(upTo) === true;
    };
    const guarded = this.#guarded(merging?.decide ?? this.#decide, isTooOld);
    const written = (held: Uint8Array): void => {
      const below = guarded.below();
      const refusal = below === undefined ? merging?.refusal() : belowWatermark;
      if (below === 'absent' && isPurged(record.meta, this.#watermarks.of(place))) {
        done(this.#writeReply(record.meta, record.meta));
      } else if (refusal !== undefined) done(refusal);
      else done(this.#writeReply(held, record.meta));
    };
    this.#apply(place, offered(record), guarded.decide, { written, failed });
  }

  /**
   * Makes the write of that id in this replica's own set of the key's siblings: `change` is given the set, `noSiblings` if there is none,
   * and no other write comes between. It throws a SiblingError to refuse. Calls back when the set with the write is durable.
   */
  writeSibling(
    place: RecordPlace,
    id: Version,
    change: (set: SiblingSet<SiblingValue>) => SiblingSet<SiblingValue>,
    done: (made: GivenWrite | Refusal) => void,
    failed: (failure: WriteFailure) => void,
  ): void {
    this.#counters.replicaWrites += 1;
    const { decide, given, refusal } = givingDecision(change);
    const isTooOld = (): boolean => compareStamps(id, this.#watermarks.of(place).sealed) <= 0;
    const guarded = this.#guarded(decide, isTooOld);
    const written = (): void => {
      const made = guarded.below() === undefined ? (refusal() ?? given()) : belowWatermark;
      if (made === undefined) throw new TypeError('a decision was made or refused');
      if ('record' in made) this.#heardIn(made.record.meta);
      done(made);
    };
    this.#apply(place, nothing, guarded.decide, { written, failed });
  }

  /**
   * Forgets a deletion that lies below the range's watermark, as a write like any other. `done`: whether it did; the key may
   * have been written again.
   */
  purge(place: RecordPlace, isSpent: (meta: Uint8Array) => boolean, done: (purged: boolean) => void): void {
    let purged = false;
    const decide: Decide = (current) => {
      if (current === undefined || !isSpent(current)) return 'keep';
      purged = true;
      return { meta: noBytes, value: undefined };
    };
    const written = (): void => {
      if (purged) this.#counters.deletionsPurged += 1;
      done(purged);
    };
    this.#apply(place, nothing, decide, { written, failed: () => done(false) });
  }

  /** Decides as `judge` does, but keeps out what lies below what the range's owners sealed. */
  #guarded(judge: Decide, isTooOld: () => boolean): { decide: Decide; below: () => 'absent' | 'held' | undefined } {
    let below: 'absent' | 'held' | undefined;
    const decide: Decide = (current, incoming, currentValue) => {
      const decision = judge(current, incoming, currentValue);
      if (decision === 'keep' || !isTooOld()) return decision;
      below = current === undefined ? 'absent' : 'held';
      this.#counters.writesBelowWatermark += 1;
      return 'keep';
    };
    return { decide, below: () => below };
  }

  /** Keeps the range's tree in step. */
  #apply(
    place: RecordPlace,
    offer: Offered,
    judge: Decide,
    { written, failed }: { written: (meta: Uint8Array) => void; failed: (failure: WriteFailure) => void },
  ): void {
    const key = encodeDataKey(place.partition, place.keyspaceId, place.key);
    const tree = this.#trees.of(place);
    let change: VersionChange | undefined;
    let note: WriteNote = false;
    const decide: Decide = (current, incoming, currentValue) => {
      const decision = judge(current, incoming, currentValue);
      if (tree !== undefined && decision !== 'keep') {
        change = { before: versionOf(current), after: versionOf(decision === 'replace' ? incoming : decision.meta) };
        note = tree.writing(place.key, change.before);
      }
      if (decision !== 'keep') this.#deletions.noteWrite(place, decision === 'replace' ? incoming : decision.meta);
      return decision;
    };
    const applied = ({ meta }: { meta: Uint8Array }): void => {
      this.#failures.room.wasThere();
      if (change !== undefined) tree?.written(place.key, change, note);
      // Once more: a sweep that passed meanwhile has not seen it, and may have forgotten the note.
      this.#deletions.noteWrite(place, meta);
      written(meta);
    };
    const notApplied = (error: unknown): void => {
      if (change !== undefined) tree?.notWritten(place.key, note);
      this.#failures.ofWrite(error, failed);
    };
    this.#engine.apply(key, offer, decide).then(applied, notApplied);
  }

  #writeReply(held: Uint8Array, offered: Uint8Array): ReplicaWriteReply {
    const superseded = compareMetaVersions(held, offered) > 0;
    const outcome = superseded ? 'superseded' : 'applied';
    return { type: 'replica-write-reply', outcome, version: this.#heardIn(held) };
  }

  /** @throws StorageError when what is stored is damaged */
  read(place: RecordPlace, want: Want): ReplicaReadReply {
    this.#counters.replicaReads += 1;
    try {
      return this.#read(place, want);
    } catch (error) {
      this.#failures.damage.tell(error);
      throw error;
    }
  }

  #read({ partition, keyspaceId, key }: RecordPlace, want: Want): ReplicaReadReply {
    const dataKey = encodeDataKey(partition, keyspaceId, key);
    if (want === 'version') {
      const known = this.#engine.getMeta(dataKey);
      if (known === undefined) return absent;
      this.#heardIn(known.meta);
      return { type: 'replica-read-reply', found: 'version', meta: known.meta };
    }
    const entry = this.#engine.getEntrySync(dataKey, anyDeadline);
    if (entry === undefined) return absent;
    const { meta, value = noBytes } = entry;
    this.#heardIn(meta);
    return { type: 'replica-read-reply', found: 'value', meta, value };
  }

  /**
   * The clock hears of every version that leaves, so that the stamp of the frame is never before one inside it. After a
   * restart it may never have heard of a version that it stores: the ceiling on disk covers only stamps issued here.
   */
  #heardIn(meta: Uint8Array): Version {
    const version = versionOfMeta(meta);
    this.#hlc.merge(version);
    return version;
  }
}

const noBytes = new Uint8Array(0);

/**
 * A replica never judges a deadline: its clock may be wrong, and the coordinator judges by one clock for all of them. So
 * it answers what it holds, as long as the bytes are there.
 */
const anyDeadline = 0;

function versionOf(meta: Uint8Array | undefined): Uint8Array | undefined {
  return meta === undefined || meta.length === 0 ? undefined : versionBytesOfMeta(meta);
}

/** What is offered where the decision alone makes what is kept. */
const nothing: Offered = { meta: noBytes, value: undefined };

/** The engine knows a tombstone as one, so that it takes no room for a value and goes when it may; so with deadlines. */
function offered({ meta, value }: StoredRecord): Offered {
  const deadline = deadlineOfMeta(meta);
  if (deadline === undefined) return { meta, value: isTombstoneMeta(meta) ? undefined : value };
  return { meta, value, deadline: Math.min(deadline, maxDeadlineMs) };
}

const absent: ReplicaReadReply = { type: 'replica-read-reply', found: 'absent' };
