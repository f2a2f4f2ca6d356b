import { describe, expect, it } from 'vitest';
import { bytes, codeOf, turns } from '../../testing/store.ts';
import { StorageError } from '../errors.ts';
import { hashKey } from '../key-hash.ts';
import { KIND_PUT } from '../memtable/log-entry.ts';
import { Memtable } from '../memtable/memtable.ts';
import { SlabPool } from '../memtable/slab-pool.ts';
import { GROUP_BYTES } from './frame.ts';
import { GroupCommit } from './group-commit.ts';
import type { ClosedGroup, GroupCommitTarget } from './group-commit.ts';

const LAST = 10;

/** A log whose appends end when the test says so. */
class ManualLog implements GroupCommitTarget {
  readonly appended: [first: number, entries: number][] = [];
  readonly published: number[] = [];
  readonly forgotten: number[] = [];
  readonly commits: GroupCommit;
  current: Memtable = new Memtable(new SlabPool(4096, 0), LAST + 1);
  inFlight = 0;
  mostInFlight = 0;
  room: Promise<void> = Promise.resolve();
  #finish: ((error?: Error) => void) | undefined;

  constructor(groupBytes: number = GROUP_BYTES) {
    this.commits = new GroupCommit(this, LAST, groupBytes);
  }

  memtable(): Memtable {
    return this.current;
  }

  admit(): Promise<void> {
    return this.room;
  }

  append({ firstSequence, entries, parts }: ClosedGroup): Promise<void> {
    expect(parts.length).toBeGreaterThan(0);
    this.appended.push([firstSequence, entries]);
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    return new Promise((resolve, reject) => {
      this.#finish = (error) => {
        this.inFlight--;
        if (error === undefined) resolve();
        else reject(error);
      };
    });
  }

  publish(lastSequence: number): void {
    this.published.push(lastSequence);
  }

  forget(lastSequence: number): void {
    this.forgotten.push(lastSequence);
    this.current.truncate(lastSequence);
  }

  put(name: string, length = 1): Promise<void> {
    const memtable = this.commits.open();
    memtable.add(KIND_PUT, bytes(name), hashKey(bytes(name)), bytes(''), 0, new Uint8Array(length));
    return this.commits.wrote(1, name.length + length);
  }

  /** Ends the append under way. */
  async finish(error?: Error): Promise<void> {
    await turns();
    this.#finish?.(error);
    await turns();
  }
}

const FULL = new StorageError('DISK_FULL', 'no space');

describe('group commit', () => {
  it('logs the writes of one burst together, and answers them by one promise', async () => {
    const log = new ManualLog();
    const writes = [log.put('a'), log.put('b'), log.put('c')];
    expect(new Set(writes).size).toBe(1);
    expect(log.commits.pendingEntries).toBe(3);
    await log.finish();
    await Promise.all(writes);
    expect(log.appended).toEqual([[LAST + 1, 3]]);
    expect([log.published, log.commits.acknowledged, log.commits.groups]).toEqual([[LAST + 3], LAST + 3, 1]);
    expect(log.commits.pendingEntries).toBe(0);
  });

  it('gathers in the next group what comes while one is under way, never two in flight', async () => {
    const log = new ManualLog();
    void log.put('a');
    await turns();
    void log.put('b');
    void log.put('c');
    await turns();
    expect(log.appended).toEqual([[LAST + 1, 1]]);
    await log.finish();
    void log.put('d');
    await log.finish();
    await log.finish();
    expect(log.appended).toEqual([
      [LAST + 1, 1],
      [LAST + 2, 2],
      [LAST + 4, 1],
    ]);
    expect(log.mostInFlight).toBe(1);
    expect(log.published).toEqual([LAST + 1, LAST + 3, LAST + 4]);
  });

  it('begins the next group when one is closed, though nothing is in flight', async () => {
    const log = new ManualLog();
    const first = log.put('a');
    expect(log.commits.closeOpen()).toBe(LAST + 2);
    const second = log.put('b');
    expect(second).not.toBe(first);
    expect(log.commits.closeOpen()).toBe(LAST + 3);
    expect(log.commits.closeOpen()).toBe(LAST + 3);
    await log.finish();
    await log.finish();
    expect(log.appended).toEqual([
      [LAST + 1, 1],
      [LAST + 2, 1],
    ]);
  });

  it('takes no more into a group that is full', async () => {
    const log = new ManualLog(100);
    for (let i = 1; i <= 5; i++) void log.put(`k${i}`, 50);
    for (let i = 0; i < 3; i++) await log.finish();
    expect(log.appended.map(([, entries]) => entries)).toEqual([2, 2, 1]);
  });

  it('holds groups back while there is no room, and lets the waiting one fill', async () => {
    const log = new ManualLog();
    let giveRoom: (() => void) | undefined;
    log.room = new Promise((resolve) => (giveRoom = resolve));
    void log.put('a');
    await turns();
    void log.put('b');
    await turns();
    expect(log.appended).toEqual([]);
    giveRoom?.();
    await turns();
    expect(log.appended).toEqual([[LAST + 1, 2]]);
  });

  it('has a barrier behind everything written before, and none when nothing is under way', async () => {
    const log = new ManualLog();
    await log.commits.barrier();
    const write = log.put('a');
    expect(log.commits.barrier()).toBe(write);
    await log.finish();
    await log.commits.barrier();
  });

  it('refuses what is queued when the disk is full, forgets it, and goes on at the same sequence', async () => {
    const log = new ManualLog();
    void log.put('before');
    await log.finish();
    const first = codeOf(() => log.put('a'));
    await turns();
    const second = codeOf(() => log.put('b'));
    await log.finish(FULL);
    expect([await first, await second]).toEqual(['DISK_FULL', 'DISK_FULL']);
    expect([log.forgotten, log.commits.pendingEntries, log.current.size]).toEqual([[LAST + 1], 0, 1]);
    expect(log.commits.poison).toBeUndefined();
    const again = log.put('c');
    await log.finish();
    await again;
    expect(log.appended.at(-1)).toEqual([LAST + 2, 1]);
    expect(log.published).toEqual([LAST + 1, LAST + 2]);
  });

  it('refuses what is queued when there is no space to flush, and asks again with the next write', async () => {
    const log = new ManualLog();
    log.room = Promise.reject(FULL);
    expect(await codeOf(() => log.put('a'))).toBe('DISK_FULL');
    log.room = Promise.resolve();
    const again = log.put('b');
    await log.finish();
    await again;
    expect(log.appended).toEqual([[LAST + 1, 1]]);
  });

  it('takes writes that come in answer to a refusal', async () => {
    const log = new ManualLog();
    const retried = log.put('a').catch(() => log.put('b'));
    await log.finish(FULL);
    await log.finish();
    await retried;
    expect(log.appended).toEqual([
      [LAST + 1, 1],
      [LAST + 1, 1],
    ]);
  });

  it('refuses everything queued and everything later once an append failed, and keeps the cause', async () => {
    const log = new ManualLog();
    const cause = new Error('disk on fire');
    const first = codeOf(() => log.put('a'));
    await turns();
    const second = codeOf(() => log.put('b'));
    await log.finish(cause);
    expect([await first, await second]).toEqual(['POISONED', 'POISONED']);
    expect(log.commits.poison?.cause).toBe(cause);
    expect(log.commits.poison?.message).toContain('disk on fire');
    expect(log.appended).toHaveLength(1);
    expect(log.published).toEqual([]);
    expect(log.current.size).toBe(0);
    await log.commits.idle();
  });

  it('is idle only when the append under way has ended, also after it was poisoned from outside', async () => {
    const log = new ManualLog();
    const write = codeOf(() => log.put('a'));
    await turns();
    log.commits.poisonWith(new Error('flush failed'));
    log.commits.poisonWith(new Error('a second one'));
    expect(await write).toBe('POISONED');
    expect(log.commits.poison?.message).toContain('flush failed');
    let idle = false;
    const waiting = log.commits.idle().then(() => (idle = true));
    await turns();
    expect(idle).toBe(false);
    await log.finish();
    await waiting;
    expect(log.published).toEqual([]);
  });

  it('poisoned while it waits for room logs nothing more', async () => {
    const log = new ManualLog();
    let giveRoom: (() => void) | undefined;
    log.room = new Promise((resolve) => (giveRoom = resolve));
    const write = codeOf(() => log.put('a'));
    await turns();
    log.commits.poisonWith(new Error('flush failed'));
    giveRoom?.();
    await log.commits.idle();
    expect(await write).toBe('POISONED');
    expect(log.appended).toEqual([]);
  });
});
