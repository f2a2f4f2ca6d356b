import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import type { DiskCall } from '../contract/index.ts';
import { HeldSyncs } from '../testing/held-syncs.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { bytes, codeOf, contentsOf, isSettled, openOn, turns, valueAt } from '../testing/store.ts';
import { StorageError } from './errors.ts';
import type { Job, JobResult } from './jobs/job.ts';
import type { JobControl, Jobs } from './ports/jobs.ts';
import type { StorageEngine } from './storage-engine.ts';

const SMALL = { memtableBytes: 2048, blockBytes: 256 };

async function fill(engine: StorageEngine, prefix: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await engine.put(bytes(`${prefix}${i}`), bytes(`value ${i}`));
}

/** Jobs of which flushes wait until the test lets them go. */
class HeldFlushes implements Jobs {
  release: () => void = () => undefined;
  #gate: Promise<void> = Promise.resolve();

  hold(): void {
    this.#gate = new Promise((resolve) => (this.release = resolve));
  }

  async run({ kind }: Job, _control: JobControl, here: () => Promise<JobResult>): Promise<JobResult> {
    if (kind === 'flush') await this.#gate;
    return here();
  }

  async stop(): Promise<void> {
    // There is nothing that would go on by itself.
  }
}

describe('opening and closing', () => {
  it('keeps everything over a reopening, and says how the log ended', async () => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk, SMALL);
    expect(engine.recovery).toMatchObject({ cleanShutdown: true, segments: 0, entriesReplayed: 0 });
    await fill(engine, 'k', 33);
    const expected = contentsOf(engine);
    await engine.close();
    const again = await openOn(disk, SMALL);
    expect(contentsOf(again)).toEqual(expected);
    expect(again.recovery).toMatchObject({ cleanShutdown: true, bytesTruncated: 0, stoppedAt: undefined });
    expect(again.recovery.entriesReplayed).toBeGreaterThan(0);
    await again.close();
  });

  it('finishes what was accepted before close, and refuses everything after', async () => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk, SMALL);
    const writes = Array.from({ length: 100 }, (_, i) => engine.put(bytes(`k${i}`), bytes('v')));
    const closing = engine.close();
    expect(engine.close()).toBe(closing);
    const later = [engine.put(bytes('x'), bytes('v')), engine.delete(bytes('x')), engine.flush(), engine.compact()];
    for (const work of later) expect(await codeOf(() => work)).toBe('CLOSED');
    for (const work of [() => engine.getSync(bytes('x')), () => engine.get(bytes('x')), () => engine.iterator()]) {
      expect(await codeOf(work)).toBe('CLOSED');
    }
    await Promise.all([...writes, closing]);
    expect(engine.stats().state).toBe('closed');
    const again = await openOn(disk, SMALL);
    expect(contentsOf(again).size).toBe(100);
    await again.close();
  });

  it('lets one engine in at a time, and lets go when opening fails', async () => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk);
    expect(await codeOf(() => openOn(disk))).toBe('LOCKED');
    await engine.put(bytes('k'), bytes('v'));
    await engine.close();
    expect(await codeOf(() => openOn(disk, { memtableBytes: 1 }))).toBe('INVALID_ARGUMENT');
    const again = await openOn(disk);
    await again.close();
  });

  it('names the option that is out of range, and what was got', async () => {
    const opening = (options: object): Promise<unknown> => {
      return openOn(new CrashableFileSystem(), options).catch((error: unknown) => error);
    };
    expect(await opening({ scaling: 9 })).toMatchObject({
      message: 'scaling must be an integer from -8 to 8, got 9',
    });
    expect(await opening({ garbageRatio: 1 })).toMatchObject({
      message: 'garbageRatio must be from 0.05 to 0.95, got 1',
    });
    expect(await opening({ recovery: 'salvage' })).toMatchObject({
      message: 'recovery must be one of tolerate-tail, point-in-time, got salvage',
    });
  });

  it('closes with await using', async () => {
    const disk = new CrashableFileSystem();
    {
      await using engine = await openOn(disk);
      await engine.put(bytes('k'), bytes('v'));
    }
    await (await openOn(disk)).close();
  });
});

describe('ranges that lie over each other', () => {
  const LIMIT = 512 * 1024;
  /** What is deleted up to a cursor again and again: each call lies over all before it. */
  const ends = Array.from({ length: 2000 }, (_, i) => bytes(`cursor ${String(i).padStart(6, '0')}`));
  const NONE = bytes('');

  it('are counted as what they take, and flushed in time', async () => {
    const engine = await openOn(new CrashableFileSystem(), { memtableBytes: LIMIT });
    let most = 0;
    for (const end of ends) {
      await engine.deleteRange(NONE, end);
      most = Math.max(most, engine.stats().memtableBytes);
    }
    // A cell for each range over each stretch between two ends comes to 64 MB.
    expect(most).toBeGreaterThan(LIMIT / 2);
    expect(most).toBeLessThan(4 * LIMIT);
    expect(engine.stats().flushes).toBeGreaterThan(5);
    await engine.close();
  });

  it('are no one group, and so no one memtable, when they come at once', async () => {
    const engine = await openOn(new CrashableFileSystem(), { memtableBytes: LIMIT });
    await engine.put(bytes('cursor 000500'), NONE);
    const writes = ends.map((end) => engine.deleteRange(NONE, end));
    expect(engine.stats().memtableBytes).toBeLessThan(16 * 1024 * 1024);
    await Promise.all(writes);
    expect(engine.stats().flushes).toBeGreaterThan(5);
    expect(contentsOf(engine).size).toBe(0);
    await engine.close();
  });
});

describe('back-pressure', () => {
  it('delays writes while three memtables wait to be flushed, and blocks nothing else', async () => {
    const jobs = new HeldFlushes();
    const engine = await openOn(new CrashableFileSystem(), SMALL, { jobs });
    jobs.hold();
    let written = 0;
    let waiting: Promise<void>;
    do waiting = engine.put(bytes(`k${written++}`), new Uint8Array(200));
    while (await isSettled(waiting));
    expect(engine.stats()).toMatchObject({ stops: 1, flushes: 0 });
    expect(engine.stats().memtableBytes).toBeGreaterThanOrEqual(2 * SMALL.memtableBytes);
    expect(engine.getSync(bytes('k0'))).toBeDefined();
    jobs.release();
    await waiting;
    expect(contentsOf(engine).size).toBe(written);
    await engine.close();
  });

  it('slows writers down while compactions are behind, and lets them go on when they are not', async () => {
    const clock = new ManualClock();
    const options = { ...SMALL, slowdownRuns: 1, scaling: 2, compactionBytesPerSecond: 1000 };
    const engine = await openOn(new CrashableFileSystem(), options, { clock });
    for (let i = 0; engine.stats().slowdowns === 0 && i < 500; i++) {
      const writing = engine.put(bytes(`k${i}`), new Uint8Array(200));
      if (!(await isSettled(writing))) clock.advance(1);
      await clock.until(writing);
    }
    expect(engine.stats().slowdowns).toBeGreaterThan(0);
    await clock.until(engine.settled());
    await clock.until(engine.close());
  });
});

describe('poison', () => {
  /** Fails the calls that the test picks. */
  function failing(disk: CrashableFileSystem, pick: (call: DiskCall) => boolean): void {
    disk.observe((call) => {
      if (pick(call)) throw new StorageError('IO_ERROR', `${call.operation} ${call.path}: EIO`);
      return undefined;
    });
  }

  it.each<[string, (call: DiskCall) => boolean]>([
    ['a sync of the log', (call) => call.operation === 'sync' && call.path.endsWith('.log')],
    ['a write of the log', (call) => call.operation === 'write' && call.path.endsWith('.log')],
  ])('after %s failed: writes are refused, reads go on, nothing acknowledged is lost', async (_, pick) => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk);
    await engine.put(bytes('before'), bytes('v'));
    failing(disk, pick);
    const error = await engine.put(bytes('during'), bytes('v')).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'POISONED', cause: { code: 'IO_ERROR' } });
    disk.observe(undefined);
    for (const work of [() => engine.put(bytes('x'), bytes('v')), () => engine.flush(), () => engine.compact()]) {
      expect(await codeOf(work)).toBe('POISONED');
    }
    expect(engine.stats().state).toBe('poisoned');
    expect(engine.getSync(bytes('during'))).toBeUndefined();
    expect([...contentsOf(engine).keys()]).toEqual(['before']);
    await engine.close();
    const again = await openOn(disk);
    expect(contentsOf(again).get('before')).toBe('v');
    await again.put(bytes('after'), bytes('v'));
    await again.close();
  });

  it('never syncs a log again after a sync of it failed', async () => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk);
    await engine.put(bytes('before'), bytes('v'));
    let syncs = 0;
    failing(disk, (call) => call.operation === 'sync' && call.path.endsWith('.log') && ++syncs > 0);
    await codeOf(() => engine.put(bytes('a'), bytes('v')));
    await codeOf(() => engine.put(bytes('b'), bytes('v')));
    await engine.close();
    expect(syncs).toBe(1);
  });

  it.each<[string, (call: DiskCall) => boolean]>([
    ['the sync of a flushed run', (call) => call.operation === 'sync' && call.path.endsWith('.run')],
    ['the write of a flushed run', (call) => call.operation === 'write' && call.path.endsWith('.run')],
    ['the commit to the manifest', (call) => call.operation === 'sync' && call.path.includes('manifest')],
  ])('after %s failed: the writes it was for are still there', async (_, pick) => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk, SMALL);
    await engine.put(bytes('before'), bytes('v'));
    failing(disk, pick);
    expect(await codeOf(() => engine.flush())).toBe('POISONED');
    expect(await codeOf(() => engine.put(bytes('x'), bytes('v')))).toBe('POISONED');
    expect([...contentsOf(engine).keys()]).toEqual(['before']);
    disk.observe(undefined);
    await engine.close();
    const again = await openOn(disk, SMALL);
    expect([...contentsOf(again).keys()]).toEqual(['before']);
    await again.close();
  });

  it('refuses writes that wait for a flush that then fails', async () => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk, SMALL);
    failing(disk, (call) => call.operation === 'create' && call.path.endsWith('.run'));
    const writes = Array.from({ length: 40 }, (_, i) => codeOf(() => engine.put(bytes(`k${i}`), new Uint8Array(200))));
    const more = Promise.all(writes).then(() => codeOf(() => engine.put(bytes('more'), bytes('v'))));
    expect(await more).toBe('POISONED');
    await engine.close();
  });

  it('does not come from a failed compaction, which is tried again after the next flush', async () => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk, { ...SMALL, scaling: 0 });
    await fill(engine, 'a', 3);
    await engine.flush();
    let runsCreated = 0;
    failing(disk, (call) => call.operation === 'create' && call.path.endsWith('.run') && ++runsCreated > 1);
    await fill(engine, 'b', 3);
    await engine.flush();
    await turns();
    expect(engine.stats()).toMatchObject({ state: 'open', runs: 2, compactionFailure: { code: 'IO_ERROR' } });
    disk.observe(undefined);
    await fill(engine, 'c', 3);
    await engine.flush();
    await turns();
    expect(engine.stats()).toMatchObject({ runs: 1, compactionFailure: undefined });
    expect(contentsOf(engine).size).toBe(9);
    await engine.close();
  });
});

describe('durability', () => {
  it('periodic: acknowledges at once, syncs after a while, and what comes meanwhile with it', async () => {
    const disk = new CrashableFileSystem();
    const clock = new ManualClock();
    const engine = await openOn(disk, { durability: 'periodic', syncEveryMs: 100 }, { clock });
    let syncs = 0;
    disk.observe((call) => void (syncs += call.operation === 'sync' && call.path.endsWith('.log') ? 1 : 0));
    await engine.put(bytes('a'), bytes('v'));
    // The sync of the segment's header.
    expect(syncs).toBe(1);
    await engine.put(bytes('b'), bytes('v'));
    clock.advance(100);
    await turns();
    expect(syncs).toBe(2);
    clock.advance(100);
    await turns();
    expect(syncs).toBe(2);
    await engine.close();
  });

  it('periodic: a segment whose sync is under way is not closed under it', async () => {
    const clock = new ManualClock();
    const syncs = new HeldSyncs();
    const options = { ...SMALL, durability: 'periodic', syncEveryMs: 100 } as const;
    const wrapFileSystem = syncs.wrap.bind(syncs);
    const engine = await openOn(new CrashableFileSystem(), options, { clock, wrapFileSystem });
    await engine.put(bytes('a'), bytes('v'));
    syncs.hold();
    clock.advance(100);
    await turns();
    expect(syncs.held).toBe(1);
    // Rotation seals and syncs the same segment by itself, and would then close it.
    const flushing = engine.flush();
    const writing = engine.put(bytes('b'), bytes('v'));
    await turns();
    syncs.releaseNewest();
    await turns();
    syncs.release();
    await clock.until(Promise.all([flushing, writing]));
    await turns();
    expect(engine.stats().state).toBe('open');
    await clock.until(engine.close());
  });

  it.each(['periodic', 'none'] as const)('%s: a sync that fails poisons, a full disk included', async (durability) => {
    const disk = new CrashableFileSystem();
    const clock = new ManualClock();
    const engine = await openOn(disk, { ...SMALL, durability, syncEveryMs: 100 }, { clock });
    await engine.put(bytes('a'), bytes('v'));
    disk.observe((call) => {
      if (call.operation === 'sync' && call.path.endsWith('.log')) throw new StorageError('DISK_FULL', 'ENOSPC');
      return undefined;
    });
    await engine.flush();
    // The next memtable's first group seals the segment that was never synced.
    expect(await codeOf(() => clock.until(engine.put(bytes('b'), bytes('v'))))).toBe('POISONED');
    expect(contentsOf(engine).size).toBe(1);
    await engine.close();
  });
});

describe('closing in the midst', () => {
  it('of a flush that was called for refuses it, or finishes it, but writes no file afterwards', async () => {
    for (const call of ['flush', 'compact'] as const) {
      const disk = new CrashableFileSystem();
      const engine = await openOn(disk, SMALL);
      await fill(engine, 'a', 5);
      await engine.flush();
      await fill(engine, 'b', 5);
      const working = codeOf(() => engine[call]());
      await engine.close();
      let after = 0;
      disk.observe(() => void after++);
      expect([undefined, 'CLOSED']).toContain(await working);
      await turns();
      expect(after, call).toBe(0);
      const again = await openOn(disk, SMALL);
      expect(contentsOf(again).size).toBe(10);
      await again.close();
    }
  });

  it('closes every file, those that only a snapshot still reads too', async () => {
    const disk = new CrashableFileSystem();
    const open = new Map<string, number>();
    const engine = await openOn(disk, { ...SMALL, separateBytes: 4 });
    await fill(engine, 'a', 5);
    await engine.flush();
    const snapshot = engine.snapshot();
    await fill(engine, 'a', 5);
    await engine.compact();
    disk.observe(({ operation, path }) => {
      if (operation === 'close') open.set(path, 1 + (open.get(path) ?? 0));
      return undefined;
    });
    const files = (await disk.list('')).filter((name) => name.endsWith('.run') || name.endsWith('.values'));
    expect(files.length).toBeGreaterThan(2);
    await engine.close();
    expect([...open.keys()].filter((name) => !name.endsWith('.log')).sort()).toEqual(files);
    snapshot.release();
    await turns();
  });
});

describe('space', () => {
  it('is given back: old segments and merged runs go away', async () => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk, { ...SMALL, scaling: 0 });
    for (let round = 0; round < 30; round++) {
      await fill(engine, 'k', 20);
      if (round % 5 === 4) await engine.flush();
    }
    await engine.compact();
    const names = await disk.list('');
    expect(names.filter((name) => name.endsWith('.run'))).toHaveLength(1);
    expect(names.filter((name) => name.endsWith('.log')).length).toBeLessThanOrEqual(2);
    expect(engine.stats()).toMatchObject({ runs: 1, runEntries: 20, memtableEntries: 0 });
    await engine.close();
  });

  it('holds no tombstone once everything is merged', async () => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk);
    await fill(engine, 'k', 20);
    await engine.flush();
    for (let i = 0; i < 20; i++) await engine.delete(bytes(`k${i}`));
    await engine.flush();
    expect(engine.stats()).toMatchObject({ runs: 2, runEntries: 40 });
    expect(contentsOf(engine).size).toBe(0);
    await engine.compact();
    expect(engine.stats()).toMatchObject({ runs: 0, runEntries: 0 });
    await engine.close();
    expect((await disk.list('')).some((name) => name.endsWith('.run'))).toBe(false);
    const again = await openOn(disk);
    expect(contentsOf(again).size).toBe(0);
    await again.put(bytes('k'), bytes('v'));
    expect(valueAt(again, 'k')).toBe('v');
    await again.close();
  });
});
