import { describe, expect, it } from 'vitest';
import { bytes, codeOf } from '../../testing/store.ts';
import { storedEntry } from '../stored-entry.ts';
import type { StoredEntry } from '../stored-entry.ts';
import { GROUP_BYTES } from './frame.ts';
import { GroupCommit } from './group-commit.ts';

/** A log whose appends end when the test says so. */
class ManualLog {
  readonly appended: number[][] = [];
  readonly published: number[] = [];
  inFlight = 0;
  mostInFlight = 0;
  room: Promise<void> = Promise.resolve();
  #finish: ((error?: Error) => void) | undefined;

  readonly admit = (): Promise<void> => this.room;

  readonly append = (group: readonly StoredEntry[]): Promise<void> => {
    this.appended.push(group.map((entry) => entry.sequence));
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    return new Promise((resolve, reject) => {
      this.#finish = (error) => {
        this.inFlight--;
        if (error === undefined) resolve();
        else reject(error);
      };
    });
  };

  readonly publish = (group: readonly StoredEntry[]): void => {
    this.published.push(...group.map((entry) => entry.sequence));
  };

  async finish(error?: Error): Promise<void> {
    this.#finish?.(error);
    await turns();
  }
}

/** Lets everything that is ready run. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function entry(sequence: number, name = 'key', valueBytes = 1): StoredEntry {
  return storedEntry(bytes(name), undefined, new Uint8Array(valueBytes), sequence);
}

describe('group commit', () => {
  it('makes one group of one burst, and one of everything queued meanwhile', async () => {
    const log = new ManualLog();
    const commits = new GroupCommit(log);
    const first = [commits.add(entry(1)), commits.add(entry(2))];
    await turns();
    const second = [commits.add(entry(3)), commits.add(entry(4))];
    await turns();
    const third = commits.add(entry(5));
    await turns();
    expect(log.appended).toEqual([[1, 2]]);
    await log.finish();
    expect(log.appended).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    await Promise.all(first);
    await log.finish();
    await Promise.all([...second, third]);
    expect(log.mostInFlight).toBe(1);
    expect(commits.groups).toBe(2);
  });

  it('answers a writer only after its group is durable and published', async () => {
    const log = new ManualLog();
    const commits = new GroupCommit(log);
    let answered = false;
    void commits.add(entry(1)).then(() => (answered = true));
    await turns();
    expect([answered, log.published, commits.pendingEntries]).toEqual([false, [], 1]);
    await log.finish();
    expect([answered, log.published, commits.pendingEntries]).toEqual([true, [1], 0]);
  });

  it('shows the newest queued entry of a name until it is durable', async () => {
    const log = new ManualLog();
    const commits = new GroupCommit(log);
    void commits.add(entry(1, 'a'));
    await turns();
    void commits.add(entry(2, 'a'));
    expect(commits.pending('a')?.sequence).toBe(2);
    await log.finish();
    expect(commits.pending('a')?.sequence).toBe(2);
    await log.finish();
    expect(commits.pending('a')).toBeUndefined();
  });

  it('settles a name with the group of its newest entry', async () => {
    const log = new ManualLog();
    const commits = new GroupCommit(log);
    void commits.add(entry(1, 'a'));
    await turns();
    void commits.add(entry(2, 'a'));
    let settled = false;
    void commits.settled('a').then(() => (settled = true));
    await commits.settled('other');
    await log.finish();
    expect(settled).toBe(false);
    await log.finish();
    expect(settled).toBe(true);
  });

  it('takes no more into a group that is full', async () => {
    const log = new ManualLog();
    const commits = new GroupCommit(log);
    const half = GROUP_BYTES / 2;
    for (let i = 1; i <= 5; i++) void commits.add(entry(i, `k${i}`, half));
    for (let i = 0; i < 3; i++) {
      await turns();
      await log.finish();
    }
    expect(log.appended).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('holds groups back while there is no room, and lets the waiting one fill', async () => {
    const log = new ManualLog();
    let giveRoom: (() => void) | undefined;
    log.room = new Promise((resolve) => (giveRoom = resolve));
    const commits = new GroupCommit(log);
    void commits.add(entry(1));
    await turns();
    void commits.add(entry(2));
    await turns();
    expect(log.appended).toEqual([]);
    giveRoom?.();
    await turns();
    expect(log.appended).toEqual([[1, 2]]);
  });

  it('refuses everything queued and everything later once an append failed, and keeps the cause', async () => {
    const log = new ManualLog();
    const commits = new GroupCommit(log);
    const cause = new Error('disk on fire');
    const first = codeOf(() => commits.add(entry(1)));
    await turns();
    const second = codeOf(() => commits.add(entry(2)));
    await log.finish(cause);
    expect(await first).toBe('POISONED');
    expect(await second).toBe('POISONED');
    expect(await codeOf(() => commits.add(entry(3)))).toBe('POISONED');
    expect(commits.poison?.cause).toBe(cause);
    expect(commits.poison?.message).toContain('disk on fire');
    expect(log.appended).toEqual([[1]]);
    expect(log.published).toEqual([]);
    await commits.idle();
  });

  it('is idle only when the append under way has ended, also after it was poisoned from outside', async () => {
    const log = new ManualLog();
    const commits = new GroupCommit(log);
    const write = codeOf(() => commits.add(entry(1)));
    await turns();
    commits.poisonWith(new Error('flush failed'));
    expect(await write).toBe('POISONED');
    let idle = false;
    const waiting = commits.idle().then(() => (idle = true));
    await turns();
    expect(idle).toBe(false);
    await log.finish();
    await waiting;
    expect(log.published).toEqual([]);
  });
});
