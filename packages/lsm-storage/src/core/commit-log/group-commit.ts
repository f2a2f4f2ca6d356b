/**
 * Group commit: writes queue up while one group is being logged and synced; together they are the next group. There is
 * never more than one in flight, and all writers of a group are answered by its one sync.
 *
 * Entries are visible to later decisions from the moment they are queued, to readers once they are durable.
 */

import { StorageError } from '../errors.ts';
import type { StoredEntry } from '../stored-entry.ts';
import { GROUP_BYTES, encodedEntryBytes } from './frame.ts';

export interface GroupCommitTarget {
  /** Resolves when there is room for a further group. */
  admit(): Promise<void>;
  /** Makes a group durable. */
  append(group: readonly StoredEntry[]): Promise<void>;
  /** Makes a durable group readable, before its writers are answered. */
  publish(group: readonly StoredEntry[]): void;
}

interface Group {
  readonly entries: StoredEntry[];
  readonly waiters: Waiter[];
  bytes: number;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class GroupCommit {
  readonly #target: GroupCommitTarget;
  /** The groups not yet durable, oldest first; only the last one takes further entries. */
  readonly #queue: Group[] = [];
  /** The newest entry per name among them, and its group. */
  readonly #pending: Map<string, { readonly entry: StoredEntry; readonly group: Group }> = new Map();
  #inFlight: Group | undefined;
  #running: Promise<void> = Promise.resolve();
  #poison: StorageError | undefined;
  #pendingEntries = 0;
  #groups = 0;

  constructor(target: GroupCommitTarget) {
    this.#target = target;
  }

  get pendingEntries(): number {
    return this.#pendingEntries;
  }

  /** Groups made durable so far. */
  get groups(): number {
    return this.#groups;
  }

  /** Set once anything failed that writes depend on. */
  get poison(): StorageError | undefined {
    return this.#poison;
  }

  /** The newest entry for a name that is not yet durable. */
  pending(name: string): StoredEntry | undefined {
    return this.#pending.get(name)?.entry;
  }

  /** Queues an entry; resolves when it is durable and readable. */
  add(entry: StoredEntry): Promise<void> {
    if (this.#poison !== undefined) return Promise.reject(this.#poison);
    const group = this.#openGroup();
    group.entries.push(entry);
    group.bytes += encodedEntryBytes(entry);
    this.#pending.set(entry.name, { entry, group });
    this.#pendingEntries++;
    return waitFor(group);
  }

  /** Resolves when the newest entry for a name is durable: at once when nothing is pending for it. */
  settled(name: string): Promise<void> {
    const pending = this.#pending.get(name);
    return pending === undefined ? Promise.resolve() : waitFor(pending.group);
  }

  /** Resolves when everything queued before the call is durable and readable. */
  barrier(): Promise<void> {
    const newest = this.#queue.at(-1);
    return newest === undefined ? Promise.resolve() : waitFor(newest);
  }

  /** Resolves when everything queued was made durable or rejected, and nothing is being appended. */
  async idle(): Promise<void> {
    do await this.#running;
    while (this.#queue.length > 0);
  }

  /** Refuses everything queued and everything to come. */
  poisonWith(cause: unknown): void {
    if (this.#poison !== undefined) return;
    const message = `a write or sync failed (${messageOf(cause)}); the engine must be opened again before it can write`;
    this.#poison = new StorageError('POISONED', message, { cause });
    for (const group of this.#queue.splice(0)) for (const waiter of group.waiters) waiter.reject(this.#poison);
    this.#pending.clear();
    this.#pendingEntries = 0;
  }

  #openGroup(): Group {
    const newest = this.#queue.at(-1);
    if (newest !== undefined && newest !== this.#inFlight && newest.bytes < GROUP_BYTES) return newest;
    const group: Group = { entries: [], waiters: [], bytes: 0 };
    this.#queue.push(group);
    if (this.#queue.length === 1) this.#running = this.#run();
    return group;
  }

  async #run(): Promise<void> {
    // A turn later, so that the writes of one burst of calls are one group.
    await Promise.resolve();
    try {
      for (let group = this.#queue[0]; group !== undefined; group = this.#queue[0]) {
        await this.#target.admit();
        if (this.#poison !== undefined) return;
        this.#inFlight = group;
        await this.#target.append(group.entries);
        if (this.#poison !== undefined) return;
        this.#settle(group);
      }
    } catch (error) {
      this.poisonWith(error);
    } finally {
      this.#inFlight = undefined;
    }
  }

  #settle(group: Group): void {
    this.#target.publish(group.entries);
    for (const entry of group.entries) {
      if (this.#pending.get(entry.name)?.entry === entry) this.#pending.delete(entry.name);
    }
    this.#pendingEntries -= group.entries.length;
    this.#groups++;
    this.#queue.shift();
    this.#inFlight = undefined;
    for (const waiter of group.waiters) waiter.resolve();
  }
}

function waitFor(group: Group): Promise<void> {
  return new Promise((resolve, reject) => group.waiters.push({ resolve, reject }));
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
