import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CorruptionError, StorageError, inlineJobs } from '../core/index.ts';
import { temporaryDirectory } from '../node/testing/temporary-directory.ts';
import { LsmLevel } from './lsm-level.ts';
import type { LsmIteratorOptions, LsmLevelOptions } from './lsm-level.ts';

/** A database in a directory of its own. */
async function openLevel(options: LsmLevelOptions<string, string> = {}): Promise<OpenedLevel> {
  const directory = await temporaryDirectory();
  const db = new LsmLevel(directory.path, { durability: 'none', jobs: inlineJobs, ...options });
  await db.open();
  return {
    db,
    path: directory.path,
    [Symbol.asyncDispose]: async () => {
      await db.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

interface OpenedLevel extends AsyncDisposable {
  readonly db: LsmLevel;
  readonly path: string;
}

function numbered(number: number): string {
  return String(number).padStart(5, '0');
}

async function putAll(db: LsmLevel, from: number, to: number, valueOf: (number: number) => string): Promise<void> {
  const operations = [];
  for (let i = from; i < to; i++) operations.push({ type: 'put' as const, key: numbered(i), value: valueOf(i) });
  await db.batch(operations);
}

function filesOf(path: string, suffix: string): string[] {
  return readdirSync(path).filter((name) => name.endsWith(suffix));
}

async function damage(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
  await file.write(Buffer.of((buffer[0] ?? 0) ^ 0xff), 0, 1, position);
  await file.close();
}

describe('a Level database over the engine', () => {
  it('holds after reopening what it held before, from the log and from runs', async () => {
    await using opened = await openLevel();
    const { db } = opened;
    await db.put('in a run', '1');
    await db.engine.flush();
    await db.put('in the log', '2');
    await db.close();
    expect(() => db.engine).toThrow(expect.objectContaining({ code: 'LEVEL_DATABASE_NOT_OPEN' }));
    await db.open();
    expect(await db.iterator().all()).toEqual([
      ['in a run', '1'],
      ['in the log', '2'],
    ]);
    expect(await db.getMany(['in the log', 'nowhere', 'in a run'])).toEqual(['2', undefined, '1']);
    expect(await db.hasMany(['in the log', 'nowhere', 'in a run'])).toEqual([true, false, true]);
  });

  it('takes the compression of classic-level and of the engine, and no other', async () => {
    const bytesWith = async (compression: LsmLevelOptions<string, string>['compression']): Promise<number> => {
      await using opened = await openLevel(compression === undefined ? {} : { compression });
      await opened.db.put('key', 'value '.repeat(1000));
      await opened.db.engine.flush();
      const { runBytes, valueBytes } = opened.db.engine.stats();
      return runBytes + valueBytes;
    };
    for (const compressed of [undefined, true, 'zstd'] as const) expect(await bytesWith(compressed)).toBeLessThan(1000);
    for (const plain of [false, 'none'] as const) expect(await bytesWith(plain)).toBeGreaterThan(6000);
    await expect(bytesWith('snappy' as 'none')).rejects.toMatchObject({
      code: 'LEVEL_DATABASE_NOT_OPEN',
      cause: { code: 'LEVEL_INVALID_ARGUMENT' },
    });
  });

  it('makes nothing where createIfMissing is false, and leaves alone what errorIfExists finds', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'db');
    const missing = new LsmLevel(path, { createIfMissing: false });
    await expect(missing.open()).rejects.toMatchObject({ cause: { code: 'LEVEL_NOT_FOUND' } });
    expect(readdirSync(directory.path)).toEqual([]);
    const made = new LsmLevel(path);
    await made.put('key', 'value');
    await made.close();
    const existing = new LsmLevel(path, { errorIfExists: true });
    await expect(existing.open()).rejects.toMatchObject({ cause: { code: 'LEVEL_ALREADY_EXISTS' } });
    await made.open({ createIfMissing: false });
    expect(await made.get('key')).toBe('value');
    await made.close();
  });

  it('lets one handle have the directory, and tells the other one who has it', async () => {
    await using opened = await openLevel();
    const second = new LsmLevel(opened.path);
    const error = await second.open().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'LEVEL_DATABASE_NOT_OPEN', cause: { code: 'LEVEL_LOCKED' } });
    const { cause } = (error as { cause: { cause: StorageError } }).cause;
    expect(cause).toBeInstanceOf(StorageError);
    expect(cause.message).toContain(String(process.pid));
    await opened.db.close();
    await second.open();
    await second.close();
  });

  it('deletes any number of entries by one write', async () => {
    await using opened = await openLevel({ memtableBytes: 16_384 });
    const { db } = opened;
    await putAll(db, 0, 2000, (i) => `value ${i}`);
    const before = db.engine.stats().durableSequence;
    await db.clear({ gte: numbered(10), lt: numbered(1990) });
    expect(db.engine.stats().durableSequence).toBe(before + 1);
    expect((await db.keys().all()).length).toBe(20);
    await db.clear({ gt: numbered(1995) });
    await db.clear({ gt: 'b', lt: 'a' });
    expect(await db.keys({ gte: numbered(1990) }).all()).toEqual([1990, 1991, 1992, 1993, 1994, 1995].map(numbered));
    await db.clear();
    await db.close();
    await db.open();
    expect(await db.keys().all()).toEqual([]);
  });

  it('clears with a limit from either end, and with a snapshot only what is in it', async () => {
    await using opened = await openLevel();
    const { db } = opened;
    await putAll(db, 0, 100, (i) => `value ${i}`);
    await db.clear({ limit: 10 });
    await db.clear({ limit: 10, reverse: true, lt: numbered(90) });
    expect(await db.keys().all()).toEqual(
      Array.from({ length: 100 }, (_, i) => i)
        .filter((i) => i >= 10 && (i < 80 || i >= 90))
        .map(numbered),
    );
    await using snapshot = db.snapshot();
    await db.put('later', 'value');
    await db.clear({ snapshot });
    expect(await db.keys().all()).toEqual(['later']);
  });

  it('writes a batch over two sublevels at once, and keeps sublevels apart', async () => {
    await using opened = await openLevel();
    const { db } = opened;
    const left = db.sublevel('left');
    const right = db.sublevel<string, { n: number }>('right', { valueEncoding: 'json' });
    const groups = db.engine.stats().groups;
    const batch = db.batch();
    batch.put('a', 'left', { sublevel: left });
    batch.put('a', { n: 1 }, { sublevel: right });
    batch.put('a', 'root');
    await batch.write();
    expect(db.engine.stats().groups).toBe(groups + 1);
    expect([await left.get('a'), await right.get('a'), await db.get('a')]).toEqual(['left', { n: 1 }, 'root']);
    const before = db.engine.stats().durableSequence;
    await left.clear();
    expect(db.engine.stats().durableSequence).toBe(before + 1);
    expect(await db.keys().all()).toEqual(['!right!a', 'a']);
  });
});

describe('reading', () => {
  it('answers what is in memory without a turn of the event loop', async () => {
    await using opened = await openLevel();
    const { db } = opened;
    await db.put('key', 'value');
    let turned = false;
    setImmediate(() => (turned = true));
    expect(await db.get('key')).toBe('value');
    expect(await db.getMany(['key', 'other'])).toEqual(['value', undefined]);
    expect(await db.has('key')).toBe(true);
    expect(turned).toBe(false);
  });

  it('from the disk shows the moment of the call, and closing waits for it', async () => {
    await using opened = await openLevel({ cacheBytes: 0, separateBytes: 100 });
    const { db } = opened;
    const old = 'old '.repeat(1000);
    await db.batch([
      { type: 'put', key: 'apart', value: old },
      { type: 'put', key: 'inline', value: 'old' },
    ]);
    await db.engine.flush();
    const reads = Promise.all([db.get('apart'), db.getMany(['apart', 'inline']), db.has('inline')]);
    await db.batch([
      { type: 'put', key: 'apart', value: 'new' },
      { type: 'del', key: 'inline' },
    ]);
    expect(await reads).toEqual([old, [old, 'old'], true]);
    await db.engine.compact();
    await db.put('apart', old);
    await db.engine.flush();
    const last = db.get('apart');
    await db.close();
    expect(await last).toBe(old);
  });

  it('goes on through compactions as of the moment the iterator was made', async () => {
    await using opened = await openLevel({ memtableBytes: 8192, separateBytes: 200 });
    const { db, path } = opened;
    const valueOf = (i: number): string => `old ${i} `.repeat(i % 50);
    await putAll(db, 0, 500, valueOf);
    await db.engine.flush();
    const expected = Array.from({ length: 500 }, (_, i): [string, string] => [numbered(i), valueOf(i)]);
    const iterator = db.iterator();
    const reverse = db.iterator({ reverse: true });
    const snapshot = db.snapshot();
    expect(await iterator.nextv(7)).toEqual(expected.slice(0, 7));
    await putAll(db, 250, 750, (i) => `new ${i}`);
    await db.clear({ lt: numbered(250) });
    await db.engine.compact();
    expect(await iterator.all()).toEqual(expected.slice(7));
    expect(await reverse.all()).toEqual(expected.toReversed());
    expect(await db.keys({ snapshot, limit: 3 }).all()).toEqual(['00000', '00001', '00002']);
    expect(await db.get(numbered(100), { snapshot })).toBe(valueOf(100));
    expect((await db.keys().all()).length).toBe(500);
    const before = filesOf(path, '.run').length;
    await snapshot.close();
    await db.engine.settled();
    expect(filesOf(path, '.run').length).toBeLessThan(before);
    expect(filesOf(path, '.values')).toEqual([]);
  });

  it('seeks in both directions, also from behind the end, and within the bounds', async () => {
    await using opened = await openLevel({ memtableBytes: 4096 });
    const { db } = opened;
    await putAll(db, 0, 300, (i) => `value ${i}`);
    const keys = db.keys({ gte: numbered(100), lt: numbered(200) });
    keys.seek(numbered(198));
    expect(await keys.nextv(10)).toEqual([numbered(198), numbered(199)]);
    expect(await keys.next()).toBeUndefined();
    keys.seek(numbered(50));
    expect(await keys.next()).toBe(numbered(100));
    keys.seek(numbered(250));
    expect(await keys.next()).toBeUndefined();
    await keys.close();
    const reverse = db.values({ reverse: true });
    reverse.seek(numbered(3));
    expect(await reverse.all()).toEqual(['value 3', 'value 2', 'value 1', 'value 0']);
  });

  it('returns pieces of a bounded size', async () => {
    await using opened = await openLevel();
    const { db } = opened;
    await putAll(db, 0, 100, () => 'x'.repeat(1000));
    const options: LsmIteratorOptions<string, string> = { highWaterMarkBytes: 10_000 };
    const iterator = db.iterator(options);
    expect((await iterator.nextv(1000)).length).toBe(10);
    expect((await iterator.nextv(3)).length).toBe(3);
    expect((await iterator.all()).length).toBe(87);
  });

  it('lets other work have its turn', async () => {
    await using opened = await openLevel();
    const { db } = opened;
    await putAll(db, 0, 20_000, (i) => `value ${i}`);
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns++;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    let entries = 0;
    for await (const _entry of db.iterator()) entries++;
    const turnsOfNext = turns;
    await db.keys().all();
    running = false;
    expect(entries).toBe(20_000);
    expect(turnsOfNext).toBeGreaterThanOrEqual(5);
    expect(turns).toBeGreaterThanOrEqual(turnsOfNext + 5);
  });

  it('stops between pieces when it is aborted', async () => {
    await using opened = await openLevel();
    const { db } = opened;
    await putAll(db, 0, 20_000, (i) => `value ${i}`);
    const controller = new AbortController();
    const reading = db.iterator({ signal: controller.signal }).all();
    setImmediate(() => controller.abort());
    await expect(reading).rejects.toMatchObject({ code: 'LEVEL_ABORTED', name: 'AbortError' });
  });

  it('reports damage with its place, and reads on elsewhere', async () => {
    await using opened = await openLevel({ compression: 'none', blockBytes: 1024, cacheBytes: 0 });
    const { db, path } = opened;
    await putAll(db, 0, 1000, (i) => `value ${i}`);
    await db.engine.flush();
    const [run = ''] = filesOf(path, '.run');
    await damage(join(path, run), 500);
    const error = await db.get(numbered(1)).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'LEVEL_CORRUPTION' });
    expect((error as Error).cause).toBeInstanceOf(CorruptionError);
    expect((error as Error).cause).toMatchObject({ file: run });
    expect(() => db.getSync(numbered(1))).toThrow(expect.objectContaining({ code: 'LEVEL_CORRUPTION' }));
    await expect(db.iterator().all()).rejects.toMatchObject({ code: 'LEVEL_CORRUPTION' });
    expect(await db.get(numbered(999))).toBe('value 999');
  });
});

describe('sizes and compaction of a range', () => {
  it('estimates what a range takes, and gives back what was deleted in it', async () => {
    await using opened = await openLevel();
    const { db } = opened;
    await putAll(db, 0, 1000, (i) => (i % 2 === 0 ? randomBytes(500) : randomBytes(4000)).toString('hex'));
    await db.engine.flush();
    const size = (from: number, to: number): Promise<number> => db.approximateSize(numbered(from), numbered(to));
    const { runBytes, valueBytes } = db.engine.stats();
    const all = await size(0, 1000);
    expect(all).toBeGreaterThan(0.95 * (runBytes + valueBytes));
    expect(all).toBeLessThanOrEqual(runBytes + valueBytes);
    expect((await size(250, 500)) / all).toBeCloseTo(0.25, 1);
    expect(await size(2000, 3000)).toBeLessThan(0.05 * all);
    expect(await size(700, 300)).toBe(0);
    await db.clear({ lt: numbered(900) });
    await db.compactRange(numbered(0), numbered(900));
    expect(await size(0, 1000)).toBeLessThan(0.15 * all);
    expect((await db.keys().all()).length).toBe(100);
  });

  it('wait for the opening, and want both ends', async () => {
    await using directory = await temporaryDirectory();
    const db = new LsmLevel(directory.path);
    expect(await db.approximateSize('a', 'b')).toBe(0);
    await db.compactRange('a', 'b');
    await expect(db.approximateSize('a', undefined as unknown as string)).rejects.toMatchObject({
      code: 'LEVEL_INVALID_KEY',
    });
    await db.close();
    await expect(db.compactRange('a', 'b')).rejects.toMatchObject({ code: 'LEVEL_DATABASE_NOT_OPEN' });
  });
});
