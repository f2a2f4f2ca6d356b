import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import type { DiskCall } from '../contract/index.ts';
import { openManifestImage } from '../node/index.ts';
import { bytes, codeOf, contentsOf, isSettled, openOn, text, turns } from '../testing/store.ts';
import { StorageError } from './errors.ts';
import { noCodec } from './ports/codec.ts';
import type { Jobs } from './ports/jobs.ts';
import { StorageEngine } from './storage-engine.ts';

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

  async run<T>(name: 'flush' | 'compaction', work: () => Promise<T>): Promise<T> {
    if (name === 'flush') await this.#gate;
    return work();
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
    for (const work of [() => engine.get(bytes('x')), () => engine.getMeta(bytes('x')), () => engine.scan()]) {
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
    expect(await opening({ compactionFan: 1 })).toMatchObject({
      message: 'compactionFan must be an integer from 2 to 64, got 1',
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

describe('back-pressure', () => {
  it('delays writes while two memtables are full, and blocks nothing else', async () => {
    const disk = new CrashableFileSystem();
    const jobs = new HeldFlushes();
    const manifest = await openManifestImage(disk);
    const engine = await StorageEngine.open({ fileSystem: disk, manifest, jobs, codec: noCodec }, SMALL);
    jobs.hold();
    let written = 0;
    let waiting: Promise<void>;
    do waiting = engine.put(bytes(`k${written++}`), new Uint8Array(200));
    while (await isSettled(waiting));
    expect(engine.stats().memtableBytes).toBeGreaterThanOrEqual(2 * SMALL.memtableBytes);
    expect(engine.get(bytes('k0'))).toBeDefined();
    jobs.release();
    await waiting;
    expect(contentsOf(engine).size).toBe(written);
    await engine.close();
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
    expect(engine.get(bytes('during'))).toBeUndefined();
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
    const engine = await openOn(disk, { ...SMALL, compactionFan: 2 });
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

describe('space', () => {
  it('is given back: old segments and merged runs go away', async () => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk, { ...SMALL, segmentBytes: 4096, compactionFan: 2 });
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
    expect(text(again.get(bytes('k'))!.value)).toBe('v');
    await again.close();
  });
});
