/**
 * Group commit: writes gather in a group while the one before is being logged and synced. There is never more than one
 * in flight, and all writers of a group are answered by its one promise.
 *
 * Entries are in the memtable from the moment they are written, and seen by later decisions; readers see them once
 * their group is acknowledged.
 */

import { StorageError } from '../errors.ts';
import type { Memtable } from '../memtable/memtable.ts';
import { FRAME_HEADER_BYTES } from './frame.ts';

export interface GroupCommitTarget {
  /** The memtable that a new group goes to; `nextSequence` is what its first entry gets. */
  memtable(nextSequence: number): Memtable;
  /** Resolves when a further group may be logged; fails when it must not be. */
  admit(memtable: Memtable): Promise<void>;
  /** Logs a group, and makes it as durable as its acknowledgement promises. */
  append(group: ClosedGroup): Promise<void>;
  /** A group is acknowledged: what it wrote becomes readable. */
  publish(lastSequence: number): void;
  /** Every entry behind this sequence was refused. */
  forget(lastSequence: number): void;
}

/** A group to which nothing is added any more. */
export interface ClosedGroup {
  readonly memtable: Memtable;
  readonly parts: readonly Uint8Array[];
  readonly firstSequence: number;
  readonly entries: number;
}

interface Group {
  readonly memtable: Memtable;
  readonly firstSequence: number;
  readonly acknowledged: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** Memory that the memtable held when the group began. */
  readonly memoryBefore: number;
  entries: number;
  bytes: number;
  /** Set when the group is closed. */
  parts: readonly Uint8Array[] | undefined;
}

export class GroupCommit {
  readonly #target: GroupCommitTarget;
  readonly #groupBytes: number;
  /** The groups not yet acknowledged, oldest first; only the last one may be open. */
  readonly #queue: Group[] = [];
  #running: Promise<void> = Promise.resolve();
  #poison: StorageError | undefined;
  #lastSequence: number;
  #acknowledged: number;
  #groups = 0;
  #bytes = 0;

  /** `lastSequence`: of the newest entry that there is. A group of `groupBytes` of memory takes no further entry. */
  constructor(target: GroupCommitTarget, lastSequence: number, groupBytes: number) {
    this.#target = target;
    this.#groupBytes = groupBytes;
    this.#lastSequence = lastSequence;
    this.#acknowledged = lastSequence;
  }

  /** Entries written and not yet acknowledged. */
  get pendingEntries(): number {
    return this.#lastSequence - this.#acknowledged;
  }

  /** Sequence of the newest entry that is acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Groups acknowledged so far. */
  get groups(): number {
    return this.#groups;
  }

  /** Bytes of them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Set once anything failed that cannot be tried again. */
  get poison(): StorageError | undefined {
    return this.#poison;
  }

  /** The memtable to write to, before a call of {@link GroupCommit.wrote}. */
  open(): Memtable {
    return (this.#openGroup() ?? this.#beginGroup()).memtable;
  }

  /** So many entries and bytes were put into the memtable of {@link GroupCommit.open}; resolves when acknowledged. */
  wrote(entries: number, bytes: number): Promise<void> {
    const group = this.#queue.at(-1) as Group;
    group.entries += entries;
    group.bytes += bytes;
    this.#lastSequence += entries;
    if (memoryOf(group) >= this.#groupBytes) close(group);
    return group.acknowledged;
  }

  /** Closes the open group, if there is one; returns the sequence that the next entry gets. */
  closeOpen(): number {
    const open = this.#openGroup();
    if (open !== undefined) close(open);
    return this.#lastSequence + 1;
  }

  /** Resolves when everything written before the call is acknowledged. */
  barrier(): Promise<void> {
    return this.#queue.at(-1)?.acknowledged ?? Promise.resolve();
  }

  /** Resolves when everything written was acknowledged or refused, and nothing is being appended. */
  async idle(): Promise<void> {
    do await this.#running;
    while (this.#queue.length > 0);
  }

  /** Refuses everything not yet acknowledged and everything to come. */
  poisonWith(cause: unknown): void {
    if (this.#poison !== undefined) return;
    const message = `a write or sync failed (${messageOf(cause)}); the engine must be opened again before it can write`;
    this.#poison = new StorageError('POISONED', message, { cause });
    this.#refuse(this.#poison);
  }

  #openGroup(): Group | undefined {
    const newest = this.#queue.at(-1);
    return newest?.parts === undefined ? newest : undefined;
  }

  #beginGroup(): Group {
    const firstSequence = this.#lastSequence + 1;
    const memtable = this.#target.memtable(firstSequence);
    memtable.beginGroup(FRAME_HEADER_BYTES);
    const group = newGroup(memtable, firstSequence);
    this.#queue.push(group);
    if (this.#queue.length === 1) this.#running = this.#run();
    return group;
  }

  async #run(): Promise<void> {
    // A turn later, so that the writes of one burst of calls are one group.
    await Promise.resolve();
    for (let group = this.#queue[0]; group !== undefined; group = this.#queue[0]) {
      try {
        await this.#target.admit(group.memtable);
        if (this.#queue[0] !== group) continue;
        await this.#target.append(close(group));
      } catch (error) {
        if (error instanceof StorageError && error.code === 'DISK_FULL') this.#refuse(error);
        else this.poisonWith(error);
      }
      if (this.#queue[0] === group) this.#acknowledge(group);
    }
  }

  #acknowledge(group: Group): void {
    this.#acknowledged = group.firstSequence + group.entries - 1;
    this.#groups++;
    this.#bytes += group.bytes;
    this.#queue.shift();
    this.#target.publish(this.#acknowledged);
    group.resolve();
  }

  /** Later groups go with the first: their decisions were made on what it wrote. */
  #refuse(error: StorageError): void {
    const refused = this.#queue.splice(0);
    for (const group of refused) close(group);
    this.#lastSequence = this.#acknowledged;
    this.#target.forget(this.#acknowledged);
    for (const group of refused) group.reject(error);
  }
}

function newGroup(memtable: Memtable, firstSequence: number): Group {
  let resolve = (): void => undefined;
  let reject = (_error: Error): void => undefined;
  const acknowledged = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  const memoryBefore = memtable.bytes;
  return {
    memtable,
    firstSequence,
    memoryBefore,
    acknowledged,
    resolve,
    reject,
    entries: 0,
    bytes: 0,
    parts: undefined,
  };
}

/** More than its bytes where range tombstones lie over each other: such a group must not fill memory unseen. */
function memoryOf({ memtable, memoryBefore }: Group): number {
  return memtable.bytes - memoryBefore;
}

function close(group: Group): ClosedGroup {
  const parts = (group.parts ??= group.memtable.endGroup());
  return { memtable: group.memtable, parts, firstSequence: group.firstSequence, entries: group.entries };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
