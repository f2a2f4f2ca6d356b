/**
 * The hints that this member keeps: records for owners that were away when they were written, durable like any other
 * record, and counted. Of the records for one key and one owner the highest version stays, as it would at the owner.
 */
import type { Decide, StorageEngine } from '@kv/lsm-storage/core';
import {
  compareStamps,
  HintLedger,
  type HintLimits,
  type HybridLogicalClock,
  type Stamp,
  type Version,
} from '@kv/quorum';
import {
  compareMetaVersions,
  copyBytes,
  decodeHintKey,
  decodeRecordMeta,
  encodeHintKey,
  type HintKey,
  hintRange,
  hintsFrom,
  hintsOfRange,
  versionOfMeta,
} from '@kv/wire';
import type { Counters } from '../counters.ts';
import type { Clock } from '../ports.ts';
import type { Watermarks } from '../purge/watermarks.ts';
import type { StoredRecord } from '../record.ts';
import { nameOfRange, type Range, rangeNamed } from '../repair/range-trees.ts';
import type { RecordPlace } from '../replica/replica.ts';
import type { StorageFailures, WriteFailure } from '../storage-failures.ts';

/** Why a hint was not kept, or is not any more. */
export const dropCauses = ['full', 'too-old', 'unknown-owner', 'unknown-keyspace', 'rotten'] as const;
export type DropCause = (typeof dropCauses)[number];

export interface HintStoreDependencies {
  readonly engine: StorageEngine;
  readonly clock: Clock;
  readonly hlc: HybridLogicalClock;
  readonly counters: Counters;
  readonly decide: Decide;
  readonly failures: StorageFailures;
  readonly watermarks: Watermarks;
  /** Hears of every range for which hints of an owner are not kept: their owner has to be repaired. */
  readonly dropped: (range: Range, intendedOwner: string, cause: DropCause) => void;
}

/** Why nothing was kept: for want of room, for its age, because its range was sealed above it, or as any write fails. */
export type KeepFailure = 'HINTS_FULL' | 'HINT_TOO_OLD' | 'BELOW_WATERMARK' | WriteFailure;

export interface KeepCallbacks {
  /** The version that is then kept, durably: the offered one or a newer one. */
  readonly kept: (held: Version) => void;
  readonly failed: (failure: KeepFailure) => void;
}

export interface Hint extends HintKey {
  readonly record: StoredRecord;
}

/** A hint without what it says. */
export interface HintMeta extends HintKey {
  readonly meta: Uint8Array;
}

/** All hints of one owner in one range. */
export type HintsOfRange = Omit<HintKey, 'key'>;

export class HintStore {
  readonly ledger: HintLedger;
  readonly #dependencies: HintStoreDependencies;
  /** Partitions of which some hints could not be read when this member started, or rotted since. */
  readonly #uncounted = new Set<number>();
  /** Hints that were dropped, by the owner that they were for. */
  readonly #dropped = new Map<string, number>();
  /** Writes under way: what they come to is counted, and cannot be read yet. */
  #writing = 0;

  /** Counts what is there, by the metas alone. To be made before the first write. */
  constructor(dependencies: HintStoreDependencies, limits: HintLimits) {
    this.#dependencies = dependencies;
    this.ledger = new HintLedger(limits);
    for (let partition = 0, damages = 0; partition < mostPartitions; damages += 1) {
      const damaged = this.#countFrom(partition);
      // Behind what is damaged lies what may be whole; where nothing is any more, it is not looked for everywhere.
      partition = damaged + (damages < closeLook ? 1 : damages);
      for (let each = damaged; each < Math.min(partition, mostPartitions); each += 1) this.#uncounted.add(each);
    }
  }

  /** Counts to the end, or tells the partition in which it met damage: nobody knows what hints of it there are. */
  #countFrom(partition: number): number {
    let counted = partition;
    try {
      for (const { key, meta } of this.#dependencies.engine.scanMeta(hintsFrom(partition))) {
        const hint = decodeHintKey(key);
        counted = hint.partition;
        this.#count(hint, meta);
      }
      return mostPartitions;
    } catch (error) {
      this.#dependencies.failures.damage.tell(error);
      return counted;
    }
  }

  keep(hint: HintKey, record: StoredRecord, { kept, failed }: KeepCallbacks): void {
    const { engine, clock, counters, hlc, failures } = this.#dependencies;
    const [bytes, writtenMs] = [bytesOf(hint.key, record.meta), versionOfMeta(record.meta).ms];
    const admission = this.ledger.admit(hint.intendedOwner, bytes, writtenMs, clock.wallMs());
    if (admission !== 'admitted') {
      this.tellDropped(hint, 1, admission);
      failed(admission === 'full' ? 'HINTS_FULL' : 'HINT_TOO_OLD');
      return;
    }
    let undo: (() => void) | undefined;
    let isBelow = false;
    const decide: Decide = (current, incoming, currentValue) => {
      const decision = this.#dependencies.decide(current, incoming, currentValue);
      if (decision === 'keep') return decision;
      isBelow = this.#isSealed(hint, incoming);
      if (isBelow) return 'keep';
      const meta = decision === 'replace' ? incoming : decision.meta;
      const before = current && copyBytes(current);
      if (before !== undefined) this.#discount(hint, before);
      this.#count(hint, meta);
      const after = copyBytes(meta);
      undo = () => {
        this.#discount(hint, after);
        if (before !== undefined) this.#count(hint, before);
      };
      return decision;
    };
    const isKept = ({ meta }: { meta: Uint8Array }): void => {
      failures.room.wasThere();
      if (isBelow) {
        counters.writesBelowWatermark += 1;
        failed('BELOW_WATERMARK');
        return;
      }
      counters.hintsKept += 1;
      const held = versionOfMeta(meta);
      hlc.merge(held);
      kept(held);
    };
    this.#writing += 1;
    engine
      .apply(encodeHintKey(hint), record, decide)
      .finally(() => (this.#writing -= 1))
      .then(isKept, (error: unknown) => {
        undo?.();
        failures.ofWrite(error, failed);
      });
  }

  /**
   * Hints of these ranges may have rotted, nobody knows for whom they were. The ranges are told of, and nobody takes their
   * hints for counted until {@link HintStore.recount}.
   */
  lost(ranges: readonly Range[], ownersOf: (range: Range) => readonly string[]): void {
    for (const range of ranges) {
      this.#uncounted.add(range.partition);
      for (const owner of ownersOf(range)) this.#dependencies.dropped(range, owner, 'rotten');
    }
  }

  /**
   * Counts the hints of partitions anew, for there may be fewer of them; false: not while some are being written, nor where
   * something still cannot be read.
   */
  recount(partitions: ReadonlySet<number>): boolean {
    if (this.#writing > 0) return false;
    for (const group of this.#groups()) if (partitions.has(group.partition)) this.ledger.cleared(groupOf(group));
    let isWhole = true;
    for (const partition of partitions) {
      const { gte } = hintsFrom(partition);
      const { gte: lt } = hintsFrom(partition + 1);
      const read = this.#readingOn(() => {
        for (const { key, meta } of this.#dependencies.engine.scanMeta({ gte, lt }))
          this.#count(decodeHintKey(key), meta);
      });
      if (read) this.#uncounted.delete(partition);
      else isWhole = false;
    }
    return isWhole;
  }

  #groups(): HintsOfRange[] {
    const { ledger } = this;
    return ledger.owners.flatMap((intendedOwner) =>
      ledger.rangesOf(intendedOwner).map((name) => ({ ...rangeNamed(name), intendedOwner })),
    );
  }

  /** What it wrote may have been deleted and forgotten since. */
  #isSealed(range: Range, meta: Uint8Array): boolean {
    return compareStamps(versionOfMeta(meta), this.#dependencies.watermarks.of(range).hintsSealed) <= 0;
  }

  #count(hint: HintKey, meta: Uint8Array): void {
    this.ledger.added(groupOf(hint), bytesOf(hint.key, meta), versionOfMeta(meta).ms);
  }

  #discount(hint: HintKey, meta: Uint8Array): void {
    this.ledger.removed(groupOf(hint), bytesOf(hint.key, meta));
  }

  /**
   * What lies behind a damaged place is left to repair: one block that rotted must not keep a member from starting. False where
   * there is one.
   */
  #readingOn(read: () => void): boolean {
    try {
      read();
      return true;
    } catch (error) {
      this.#dependencies.failures.damage.tell(error);
      return false;
    }
  }

  /** The newest record that is kept for the key, for any of these owners. @throws StorageError when it is damaged */
  newest(place: RecordPlace, owners: readonly string[]): StoredRecord | undefined {
    const { engine, hlc } = this.#dependencies;
    let newest: StoredRecord | undefined;
    for (const intendedOwner of owners) {
      if (!this.ledger.has({ owner: intendedOwner, range: nameOfRange(place) })) continue;
      const entry = engine.getEntrySync(encodeHintKey({ ...place, intendedOwner }));
      if (entry?.value === undefined) continue;
      if (newest === undefined || compareMetaVersions(entry.meta, newest.meta) > 0) {
        newest = { meta: entry.meta, value: entry.value };
      }
    }
    if (newest !== undefined) hlc.merge(versionOfMeta(newest.meta));
    return newest;
  }

  /** Up to `limit` hints in the order of their keys, from the one behind `after`. @throws StorageError when one is damaged */
  *of(hints: HintsOfRange, after: Uint8Array | undefined, limit: number): Iterable<Hint> {
    const { gte, lt } = hintRange(hints);
    const begin = after === undefined ? { gte } : { gt: encodeHintKey({ ...hints, key: after }) };
    for (const { key, meta, value } of this.#dependencies.engine.scan({ ...begin, lt, limit })) {
      if (value === undefined) continue;
      // Whoever wrote it may be ahead of all that this life of the member heard.
      this.#dependencies.hlc.merge(versionOfMeta(meta));
      yield { ...decodeHintKey(key), record: { meta, value } };
    }
  }

  /** Whether a hint of the range up to the stamp is kept for anybody, as far as can be read. Writes begun before count. */
  holdsUpTo({ partition, keyspaceId }: Range, upTo: Stamp): boolean {
    if (this.#uncounted.has(partition)) return true;
    const name = nameOfRange({ partition, keyspaceId });
    if (!this.ledger.owners.some((owner) => this.ledger.has({ owner, range: name }))) return false;
    try {
      for (const { meta } of this.#dependencies.engine.scanMeta(hintsOfRange(partition, keyspaceId))) {
        if (compareStamps(versionOfMeta(meta), upTo) <= 0) return true;
      }
      return false;
    } catch (error) {
      this.#dependencies.failures.damage.tell(error);
      return true;
    }
  }

  /** Up to `limit` hints in the order of their keys, from the one behind `after`; what lies behind damage is left to repair. */
  metasOf(hints: HintsOfRange, after: Uint8Array | undefined, limit: number): HintMeta[] {
    const { gte, lt } = hintRange(hints);
    const begin = after === undefined ? { gte } : { gt: encodeHintKey({ ...hints, key: after }) };
    const found: HintMeta[] = [];
    this.#readingOn(() => {
      for (const { key, meta } of this.#dependencies.engine.scanMeta({ ...begin, lt, limit })) {
        found.push({ ...decodeHintKey(copyBytes(key)), meta: copyBytes(meta) });
      }
    });
    return found;
  }

  /** What the hint says, if it is still kept and can be read. */
  recordOf(hint: HintKey): StoredRecord | undefined {
    let record: StoredRecord | undefined;
    this.#readingOn(() => {
      const entry = this.#dependencies.engine.getEntrySync(encodeHintKey(hint));
      if (entry?.value !== undefined) record = { meta: entry.meta, value: entry.value };
    });
    return record;
  }

  /** The hint goes, unless a newer one took its place meanwhile. */
  drop({ meta, ...hint }: HintMeta): void {
    this.#remove(hint, meta);
  }

  /** The owner refuses it for good: what it wrote may have been deleted and forgotten since. */
  dropRefused({ record, ...hint }: Hint): void {
    this.#remove(hint, record.meta);
    this.tellDropped(hint, 1, 'too-old');
  }

  /** The owner has it: the hint goes like any other that is dropped. */
  remove({ record, ...hint }: Hint): void {
    this.drop({ ...hint, meta: record.meta });
  }

  /** All hints of the group go, for nobody waits for them any more. */
  dropAll(hints: HintsOfRange, cause: 'unknown-owner' | 'unknown-keyspace'): void {
    const { gte, lt } = hintRange(hints);
    this.tellDropped(hints, this.ledger.cleared(groupOf(hints)), cause);
    this.#writing += 1;
    this.#dependencies.engine
      .deleteRange(gte, lt)
      .catch(() => undefined)
      .finally(() => (this.#writing -= 1));
  }

  /** So many hints of the group were not kept, or are not any more, though their owner has not got them. */
  tellDropped(hints: HintsOfRange, count: number, cause: DropCause): void {
    const { counters, dropped } = this.#dependencies;
    counters.hintsDropped += count;
    this.#dropped.set(hints.intendedOwner, this.droppedFor(hints.intendedOwner) + count);
    dropped(hints, hints.intendedOwner, cause);
  }

  /** Hints for the owner that were dropped since this member started. */
  droppedFor(owner: string): number {
    return this.#dropped.get(owner) ?? 0;
  }

  get droppedOwners(): readonly string[] {
    return [...this.#dropped.keys()];
  }

  /** What cannot be removed is handed over again, and then removed: a failure here changes nothing. */
  #remove(hint: HintKey, meta: Uint8Array): void {
    let undo: (() => void) | undefined;
    const decide: Decide = (current) => {
      if (current === undefined || compareMetaVersions(current, meta) !== 0) return 'keep';
      const before = copyBytes(current);
      this.#discount(hint, before);
      undo = () => this.#count(hint, before);
      return { meta: noBytes, value: undefined };
    };
    this.#writing += 1;
    this.#dependencies.engine
      .apply(encodeHintKey(hint), { meta, value: undefined }, decide)
      .catch(() => undo?.())
      .finally(() => (this.#writing -= 1));
  }
}

const noBytes = new Uint8Array(0);
const mostPartitions = 65_536;
/** Damaged places behind which hints are looked for in the very next partition. */
const closeLook = 1024;

function groupOf(hint: HintsOfRange): { owner: string; range: string } {
  return { owner: hint.intendedOwner, range: nameOfRange(hint) };
}

/** As an account of the room that a hint takes: known from its meta alone, so that starting reads no values. */
function bytesOf(key: Uint8Array, meta: Uint8Array): number {
  const record = decodeRecordMeta(meta);
  return hintOverheadBytes + key.length + meta.length + (record.kind === 'value' ? record.rawLength : 0);
}

const hintOverheadBytes = 32;
