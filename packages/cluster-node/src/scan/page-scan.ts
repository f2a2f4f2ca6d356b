/**
 * One page of a scan: partition after partition, until there are enough entries or bytes, or it has taken long enough.
 * Each stretch of a partition comes from R owners, each key in its newest version. What the nearest owner did not have
 * in that version, or without its bytes, is read as a get would read it.
 *
 * A page that cannot go on ends there if it came anywhere at all: the next one begins where this one could not.
 */
import type { Receipt } from '@kv/quorum';
import type { Codec } from '@kv/lsm-storage/core';
import { decodeRecordMeta, encodeScanCursor, isTombstoneMeta, type ScannedEntry } from '@kv/wire';
import type { StoredReadResult } from '../coordinator/read-driver.ts';
import type { Clock, Timers } from '../ports.ts';
import { isDropped, isExpired, openRecord, type StoredRecord } from '../record.ts';
import type { MergedAnswers } from './merge-answers.ts';
import type { PartitionScanResult } from './partition-scan.ts';
import type { ScanEntry, ScanPlan, ScanResult } from './scan-request.ts';

export interface PageScanPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly codec: Codec;
  /** A stretch of a partition behind a key. */
  readonly scan: (
    partition: number,
    after: Uint8Array | undefined,
    limit: number,
    done: (result: PartitionScanResult) => void,
  ) => void;
  /** The newest record of one key. */
  readonly read: (partition: number, key: Uint8Array, done: (result: StoredReadResult) => void) => void;
}

export interface PageLimits {
  /** A page ends with the entry that makes it so many bytes of keys and values. */
  readonly bytes: number;
  /** Monotonic milliseconds after which no further stretch is begun. */
  readonly until: number;
  /** Milliseconds since 1970, what deadlines are held against. */
  readonly nowMs: number;
}

/** Answers that come within the call must not keep the event loop for longer. */
const turnMs = 5;

export class PageScan {
  readonly #ports: PageScanPorts;
  readonly #plan: ScanPlan;
  readonly #limits: PageLimits;
  readonly #done: (result: ScanResult) => void;
  readonly #entries: ScanEntry[] = [];
  /** Merged and not yet looked at, from `#next` on. */
  #merged: MergedAnswers = nothing;
  #next = 0;
  #partition: number;
  #after: Uint8Array | undefined;
  #bytes = 0;
  #moved = false;
  #turnBegan: number;
  #state: 'going' | 'waiting' | 'ended' = 'going';

  /** `done` is called once. */
  constructor(ports: PageScanPorts, plan: ScanPlan, limits: PageLimits, done: (result: ScanResult) => void) {
    this.#ports = ports;
    this.#plan = plan;
    this.#limits = limits;
    this.#done = done;
    this.#partition = plan.partition;
    this.#after = plan.after;
    this.#turnBegan = ports.clock.monotonicMs();
  }

  /** Goes on as far as it can within the call: a loop, for answers may come within the call that asks. */
  start(): void {
    this.#state = 'going';
    while (this.#state === 'going') this.#step();
  }

  #step(): void {
    const entry = this.#merged.entries[this.#next];
    if (this.#isFull) this.#end();
    else if (entry !== undefined) this.#take(entry);
    else if (this.#partition >= this.#plan.end) this.#end();
    else this.#askOn();
  }

  get #isFull(): boolean {
    return this.#entries.length >= this.#plan.limit || this.#bytes >= this.#limits.bytes;
  }

  #askOn(): void {
    const { clock, timers, scan } = this.#ports;
    const now = clock.monotonicMs();
    if (now >= this.#limits.until && this.#moved) {
      this.#end();
      return;
    }
    if (now - this.#turnBegan >= turnMs) {
      this.#turnBegan = now;
      this.#wait((resume) => timers.set(0, resume));
      return;
    }
    const limit = this.#plan.limit - this.#entries.length;
    this.#wait((resume) => {
      scan(this.#partition, this.#after, limit, (result) => {
        if (result.outcome === 'scanned') this.#receive(result);
        else this.#fail(result);
        resume();
      });
    });
  }

  #receive(merged: MergedAnswers): void {
    this.#merged = merged;
    this.#next = 0;
    if (merged.entries.length === 0) this.#passed();
  }

  #take(entry: ScannedEntry): void {
    const { read } = this.#ports;
    const { key, meta, value } = entry;
    if (isTombstoneMeta(meta) || isExpired({ meta }, this.#limits.nowMs)) this.#pass(key);
    else if (!this.#plan.values) this.#emit(describe(key, meta));
    else if (value !== undefined && !isDropped({ meta, value })) this.#open(key, { meta, value });
    else {
      this.#wait((resume) => {
        read(this.#partition, key, (result) => {
          if (result.outcome === 'found') this.#open(key, result.value);
          else if (result.outcome === 'absent') this.#pass(key);
          else this.#fail({ outcome: result.outcome, receipt: result.receipt });
          resume();
        });
      });
    }
  }

  #open(key: Uint8Array, record: StoredRecord): void {
    const opened = openRecord(record, this.#ports.codec, this.#limits.nowMs);
    if (opened === undefined) this.#pass(key);
    else this.#emit({ ...describe(key, record.meta), value: opened.value });
  }

  #emit(entry: ScanEntry): void {
    this.#entries.push(entry);
    this.#bytes += entry.key.length + (entry.value?.length ?? 0);
    this.#pass(entry.key);
  }

  /** All up to this key is told. */
  #pass(key: Uint8Array): void {
    this.#next += 1;
    this.#after = key;
    this.#moved = true;
    if (this.#next >= this.#merged.entries.length) this.#passed();
  }

  /** All of the stretch is told. */
  #passed(): void {
    const { through } = this.#merged;
    this.#moved = true;
    this.#after = through;
    if (through === undefined) this.#partition += 1;
    this.#merged = nothing;
  }

  #fail(failure: { readonly outcome: Exclude<ScanResult['outcome'], 'page'>; readonly receipt: Receipt }): void {
    if (this.#moved) this.#end();
    else {
      this.#state = 'ended';
      this.#done({ outcome: failure.outcome, receipt: failure.receipt });
    }
  }

  #end(): void {
    this.#state = 'ended';
    const { keyspace, filter, end } = this.#plan;
    const [entries, after] = [this.#entries, this.#after];
    if (this.#partition >= end) {
      this.#done({ outcome: 'page', entries });
      return;
    }
    const place = { keyspaceId: keyspace.id, filter, partition: this.#partition };
    const cursor = encodeScanCursor(after === undefined ? place : { ...place, after });
    this.#done({ outcome: 'page', entries, cursor });
  }

  /** Until `resume` is called, which may be within the call. */
  #wait(begin: (resume: () => void) => void): void {
    let isWithin = true;
    this.#state = 'waiting';
    begin(() => {
      if (this.#state !== 'waiting') return;
      if (isWithin) this.#state = 'going';
      else this.start();
    });
    isWithin = false;
  }
}

const nothing: MergedAnswers = { entries: [], through: undefined };

function describe(key: Uint8Array, meta: Uint8Array): ScanEntry {
  const decoded = decodeRecordMeta(meta);
  if (decoded.kind !== 'value') throw new TypeError('a tombstone is no entry');
  const { version, contentType, rawLength: length, deadline } = decoded;
  return { key, version, contentType, length, ...(deadline !== undefined && { deadline }) };
}
