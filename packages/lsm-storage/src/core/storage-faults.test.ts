/**
 * A disk that fails at its first call, its second, its third, and so on: whatever fails, nothing acknowledged is lost,
 * nothing that was refused shows, reads go on, and what can go on by itself does.
 */

import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import { Fault } from '../testing/fault.ts';
import type { FaultPlan, FaultyCall } from '../testing/fault.ts';
import { HeldSyncs } from '../testing/held-syncs.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { soak } from '../testing/soak.ts';
import { bytes, codeOf, contentsOf, openOn, sameContents, turns } from '../testing/store.ts';
import type { StorageOptions } from './options.ts';
import type { FileSystem } from './ports/file-system.ts';
import type { Jobs } from './ports/jobs.ts';
import type { StorageEngine } from './storage-engine.ts';

const OPTIONS: StorageOptions = {
  memtableBytes: 1024,
  blockBytes: 128,
  separateBytes: 120,
  cacheBytes: 5000,
  scaling: 0,
  garbageRatio: 0.3,
};
const WRITES = 70;
/** From one call that fails to the next: 1 in the long run, which leaves none out. */
const STEP = soak.on ? 1 : 4;

type Contents = ReadonlyMap<string, string>;

/** A store on a disk that fails, and what was acknowledged. */
class FaultyStore {
  readonly disk: CrashableFileSystem = new CrashableFileSystem();
  readonly clock: ManualClock = new ManualClock();
  readonly fault: Fault;
  readonly engine: StorageEngine;
  acknowledged: Contents = new Map();
  /** What would be there if the last write that was refused had come through. */
  perhaps: Contents = this.acknowledged;
  #written = 0;

  private constructor(disk: CrashableFileSystem, clock: ManualClock, fault: Fault, engine: StorageEngine) {
    this.disk = disk;
    this.clock = clock;
    this.fault = fault;
    this.engine = engine;
  }

  static async open(plan: FaultPlan, options: StorageOptions = OPTIONS): Promise<FaultyStore> {
    const disk = new CrashableFileSystem();
    const clock = new ManualClock();
    const fault = new Fault(plan);
    const engine = await openOn(disk, options, { clock, wrapFileSystem: (inner) => fault.wrap(inner) });
    return new FaultyStore(disk, clock, fault, engine);
  }

  /** The next write of a fixed script; the code of what it fails with. */
  async write(): Promise<unknown> {
    const i = this.#written++;
    const key = `key${(i * 7) % 23}`;
    const after = new Map(this.acknowledged);
    let writing: Promise<void>;
    if (i % 11 === 5) {
      after.delete(key);
      writing = this.engine.delete(bytes(key));
    } else if (i % 17 === 9) {
      for (const each of after.keys()) if (each >= 'key1' && each < 'key15') after.delete(each);
      writing = this.engine.deleteRange(bytes('key1'), bytes('key15'));
    } else {
      const value = `${i} `.repeat(20 + (i % 30));
      after.set(key, value);
      writing = this.engine.put(bytes(key), bytes(value));
    }
    const code = await codeOf(() => this.clock.until(writing));
    if (code === undefined) this.acknowledged = after;
    this.perhaps = after;
    return code;
  }

  expectReads(): void {
    expect(contentsOf(this.engine)).toEqual(this.acknowledged);
  }

  /** What a new opening finds on the disk as it is now, which fails no more. */
  async found(): Promise<Contents> {
    const engine = await openOn(this.disk.clone(), OPTIONS);
    const contents = contentsOf(engine);
    await engine.close();
    return contents;
  }
}

const takesSpace = (call: FaultyCall): boolean => call === 'write' || call === 'create';

describe('a full disk', { timeout: soak.timeout }, () => {
  it('at whatever call: refuses writes, loses nothing, and goes on by itself once there is space', async () => {
    let from = 1;
    for (; ; from += STEP) {
      const store = await FaultyStore.open({ code: 'DISK_FULL', picks: takesSpace, from, count: Infinity });
      let refused = 0;
      for (let i = 0; i < WRITES; i++) {
        const code = await store.write();
        expect([undefined, 'DISK_FULL'], `call ${from}, write ${i}: ${String(code)}`).toContain(code);
        if (code !== undefined) store.expectReads();
        if (code !== undefined && ++refused === 3) {
          expect(await store.found(), `call ${from}: a crash while the disk is full`).toEqual(store.acknowledged);
          store.fault.lift();
          // The next attempt to flush comes by itself, after a while.
          store.clock.advance(1000);
          await store.clock.until(store.engine.settled().catch(() => undefined));
        }
        if (refused > 3) expect(code, `call ${from}: write ${i} after there was space again`).toBeUndefined();
      }
      store.expectReads();
      store.fault.lift();
      await store.clock.until(store.engine.flush());
      expect(store.engine.stats().state).toBe('open');
      await store.clock.until(store.engine.compact());
      await store.engine.close();
      expect(await store.found(), `call ${from}`).toEqual(store.acknowledged);
      const { runs } = store.engine.stats();
      const names = await store.disk.list('');
      expect(
        names.filter((name) => name.endsWith('.run')),
        `call ${from}: files of failed flushes`,
      ).toHaveLength(runs);
      if (store.fault.failed === 0) break;
    }
    expect(from).toBeGreaterThan(100);
  });

  it.each<[string, (call: FaultyCall, path: string) => boolean]>([
    ['a run is written', (call, path) => takesSpace(call) && path.endsWith('.run')],
    ['a value file is written', (call, path) => takesSpace(call) && path.endsWith('.values')],
    ['the manifest is written', (call, path) => takesSpace(call) && path.startsWith('manifest')],
    ['a segment is begun', (call, path) => call === 'create' && path.endsWith('.log')],
  ])('while %s: writes are refused only when memory is full, and resume', async (_, picks) => {
    const store = await FaultyStore.open({ code: 'DISK_FULL', picks, from: 1, count: Infinity });
    let taken = 0;
    while ((await store.write()) === undefined) taken++;
    expect(await store.write()).toBe('DISK_FULL');
    store.expectReads();
    expect(store.engine.stats().state).toBe('open');
    if (_ !== 'a segment is begun') expect(taken).toBeGreaterThan(5);
    store.fault.lift();
    store.clock.advance(1000);
    await store.clock.until(store.engine.settled());
    for (let i = 0; i < 20; i++) expect(await store.write()).toBeUndefined();
    store.expectReads();
    await store.clock.until(store.engine.close());
    expect(await store.found()).toEqual(store.acknowledged);
  });
});

describe('a write that is refused while an older memtable is being flushed', () => {
  it.each(['DISK_FULL', 'IO_ERROR'] as const)('with %s: takes nothing with it that was acknowledged', async (code) => {
    const picks = (call: FaultyCall, path: string): boolean => call === 'write' && path.endsWith('.log');
    const fault = new Fault({ code, picks, from: 1, count: 1 });
    fault.lift();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const jobs: Jobs = { run: (_job, _control, here) => gate.then(here), stop: () => Promise.resolve() };
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk, OPTIONS, { jobs, wrapFileSystem: (inner) => fault.wrap(inner) });
    const write = (i: number): Promise<void> => engine.put(bytes(`key${i}`), bytes('value '.repeat(20)));
    for (let i = 0; i < 8; i++) await write(i);
    expect(engine.stats().memtables).toBe(2);
    const acknowledged = contentsOf(engine);
    fault.begin();
    expect(await codeOf(() => write(8))).toBe(code === 'DISK_FULL' ? code : 'POISONED');
    expect(contentsOf(engine)).toEqual(acknowledged);
    release();
    await engine.settled();
    expect(engine.stats().flushes).toBe(1);
    const again = await openOn(disk.clone(), OPTIONS);
    expect(contentsOf(again)).toEqual(acknowledged);
    await again.close();
    await engine.close();
  });
});

describe('a poisoned engine', () => {
  it('flushes nothing more, so that what was logged and refused does not pass for damage', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const jobs: Jobs = {
      run: ({ kind }, _control, here) => (kind === 'compaction' ? gate.then(here) : here()),
      stop: () => Promise.resolve(),
    };
    const syncs = new HeldSyncs();
    const disk = new CrashableFileSystem();
    const fault = new Fault({ code: 'IO_ERROR', picks: (_, path) => /^manifest/.test(path), from: 1, count: 1 });
    fault.lift();
    const wrapFileSystem = (inner: FileSystem): FileSystem => fault.wrap(syncs.wrap(inner));
    const engine = await openOn(disk, { scaling: 0 }, { jobs, wrapFileSystem });
    for (const key of ['a', 'b']) {
      await engine.put(bytes(key), bytes('in a run'));
      await engine.flush();
    }
    await engine.put(bytes('c'), bytes('in the log'));
    const acknowledged = contentsOf(engine);

    // A compaction fails while a group is being synced that then is on the disk nevertheless.
    syncs.hold();
    const refused = codeOf(() => engine.put(bytes('d'), bytes('refused')));
    const flushed = codeOf(() => engine.flush());
    while (syncs.held === 0) await turns();
    fault.begin();
    release();
    expect([await refused, await flushed]).toEqual(['POISONED', 'POISONED']);
    syncs.release();
    expect(await codeOf(() => engine.settled())).toBe('POISONED');
    expect(contentsOf(engine)).toEqual(acknowledged);
    await engine.close();
    const again = await openOn(disk, {});
    expect(contentsOf(again)).toEqual(new Map([...acknowledged, ['d', 'refused']]));
    await again.close();
  });
});

describe('a failing disk', { timeout: soak.timeout }, () => {
  const changes = (call: FaultyCall): boolean => call !== 'read';

  it('at whatever call: the write fails or it holds, and an opening finds all that was acknowledged', async () => {
    let from = 1;
    let poisoned = 0;
    for (; ; from += STEP) {
      const store = await FaultyStore.open({ code: 'IO_ERROR', picks: changes, from, count: 1 });
      let failed = false;
      for (let i = 0; i < WRITES; i++) {
        const code = await store.write();
        if (failed) expect(code, `call ${from}: nothing may follow what failed`).toBe('POISONED');
        if (code === undefined) continue;
        expect(code).toBe('POISONED');
        failed = true;
        store.expectReads();
        break;
      }
      if (failed) poisoned++;
      expect(store.engine.stats().state === 'poisoned' || !failed).toBe(true);
      store.expectReads();
      const found = await store.found();
      const allowed = [store.acknowledged, store.perhaps];
      expect(
        allowed.some((contents) => sameContents(contents, found)),
        `call ${from}`,
      ).toBe(true);
      await store.clock.until(store.engine.close()).catch(() => undefined);
      expect(
        allowed.some((contents) => sameContents(contents, found)),
        `call ${from}, closed`,
      ).toBe(true);
      if (store.fault.failed === 0) break;
    }
    expect(poisoned).toBeGreaterThan(from / STEP / 2);
  });

  it('in reading: the read fails and says where, or holds; the next one is right', async () => {
    for (let from = 1; from < 60; from++) {
      const picks = (call: FaultyCall, path: string): boolean => call === 'read' && !path.endsWith('.log');
      const store = await FaultyStore.open({ code: 'IO_ERROR', picks, from: from + 100_000, count: 1 });
      for (let i = 0; i < 30; i++) await store.write();
      await store.clock.until(store.engine.settled());
      const failing = new Fault({ code: 'IO_ERROR', picks, from, count: 1 });
      const disk = store.disk.clone();
      await store.engine.close();
      const engine = await openOn(disk, OPTIONS, { wrapFileSystem: (inner) => failing.wrap(inner) }).catch(
        (error: unknown) => {
          expect(error).toMatchObject({ code: 'IO_ERROR' });
          return undefined;
        },
      );
      if (engine === undefined) continue;
      for (const [key, value] of store.acknowledged) {
        const read = await codeOf(async () =>
          expect(Buffer.from((await engine.get(bytes(key))) ?? []).toString()).toBe(value),
        );
        expect([undefined, 'IO_ERROR']).toContain(read);
      }
      failing.lift();
      expect(contentsOf(engine)).toEqual(store.acknowledged);
      await engine.close();
      if (failing.failed === 0) break;
    }
  });
});
