import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../../contract/index.ts';
import { ZstdCodec } from '../../node/zstd-codec.ts';
import { giveVersion } from '../../testing/file-versions.ts';
import { PLAN, entryOf, lookUp, openRun, rangeOf, valueOf, writeContents } from '../../testing/runs.ts';
import type { OpenRun, RunContents } from '../../testing/runs.ts';
import { bytes, codeOf, text } from '../../testing/store.ts';
import { BlockCache } from '../cache/block-cache.ts';
import { CacheMiss } from '../cache/cache-miss.ts';
import { runFileName, valueFileName } from '../file-names.ts';
import { hashKey } from '../key-hash.ts';
import { noCodec } from '../ports/codec.ts';
import { ValueFile } from '../value-file/value-file.ts';
import { describeRun } from './describe-run.ts';
import type { CursorStart, RunCursor } from './run-cursor.ts';
import { RunScanner } from './run-scanner.ts';
import { writeRun } from './run-writer.ts';
import { SortedRun } from './sorted-run.ts';

const anyKey = fc.stringMatching(/^[a-c]{0,5}$/);

/** Values of all lengths up to three times the one from which they are kept apart. */
const entries = fc
  .uniqueArray(fc.tuple(fc.stringMatching(/^[a-c]{0,4}$/), fc.option(fc.nat(300), { nil: undefined })), {
    selector: ([key]) => key,
    minLength: 1,
    maxLength: 50,
  })
  .map((drawn) =>
    drawn
      .map(([key, length]) => [key, length === undefined ? undefined : key.padEnd(length, 'v')] as const)
      .sort(([left], [right]) => (left < right ? -1 : 1)),
  );

/** Enough keys for several pages of index and filter. */
const MANY: RunContents = {
  entries: Array.from({ length: 20_000 }, (_, i) => [`key${String(i).padStart(8, '0')}`, `${i}`] as const),
};

async function open(contents: RunContents): Promise<OpenRun> {
  return openRun(new CrashableFileSystem(), contents);
}

/** The keys that a cursor passes, supplied in either way. */
async function walk(cursor: RunCursor, most = Infinity, sync = true): Promise<string[]> {
  const keys: string[] = [];
  while (keys.length < most) {
    if (sync) cursor.supplySync();
    else if (cursor.wanting) await cursor.supply();
    const { key, current } = cursor;
    if (key === undefined || current === undefined) break;
    if (current.key !== key || cursor.wanting) throw new Error('a cursor is of two minds');
    keys.push(text(key));
    cursor.advance();
  }
  return keys;
}

const FROM_THE_FIRST: CursorStart = { key: undefined, inclusive: true, reverse: false };

describe('sorted run', () => {
  it.each([
    ['none', noCodec],
    ['zstd', new ZstdCodec()],
  ])('answers for every key as it was written, compressed with %s', async (_, codec) => {
    await fc.assert(
      fc.asyncProperty(entries, anyKey, async (list, other) => {
        const opened = await openRun(new CrashableFileSystem(), { entries: list }, codec);
        const model = new Map(list.map(([key, value]) => [key, value ?? null]));
        for (const key of [...model.keys(), other]) expect(lookUp(opened, key)).toBe(model.get(key));
        await opened.run.verify();
        await opened.values?.verify();
      }),
      { numRuns: 40 },
    );
  });

  it('gives back metas, deadlines and pointers, and the key it was asked for', async () => {
    const { run } = await open({
      entries: [
        ['a', 'x'],
        ['b', undefined],
        ['c', 'y'.repeat(100)],
      ],
    });
    const find = (key: Uint8Array): unknown => run.find(key, hashKey(key), 'disk');
    const key = bytes('a');
    expect(find(key)).toEqual(entryOf('a', 'x'));
    expect(find(key)).toHaveProperty('key', key);
    expect(find(bytes('b'))).toEqual(entryOf('b', undefined));
    expect(find(bytes('c'))).toMatchObject({ deadline: 1, value: { file: 2, position: 24, rawLength: 100 } });
  });

  it('is walked in either direction from any place, and skips ahead', async () => {
    const start = fc.record({
      key: fc.option(anyKey, { nil: undefined }),
      inclusive: fc.boolean(),
      reverse: fc.boolean(),
      sync: fc.boolean(),
      seeks: fc.array(fc.tuple(fc.nat(4), anyKey), { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(entries, fc.array(start, { maxLength: 4 }), async (list, starts) => {
        const { run } = await open({ entries: list });
        for (const { key, inclusive, reverse, sync, seeks } of starts) {
          let left = list
            .map(([each]) => each)
            .filter((each) => key === undefined || (inclusive && each === key) || (reverse ? each < key : each > key));
          if (reverse) left.reverse();
          const cursor = run.cursor({ key: key === undefined ? undefined : bytes(key), inclusive, reverse });
          for (const [steps, target] of seeks) {
            expect(await walk(cursor, steps, sync)).toEqual(left.slice(0, steps));
            left = left.slice(steps).filter((each) => (reverse ? each <= target : each >= target));
            cursor.seek(bytes(target));
          }
          expect(await walk(cursor, Infinity, sync)).toEqual(left);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('with several pages of index and filter is searched and walked across them', async () => {
    const opened = await open(MANY);
    const keys = MANY.entries.map(([key]) => key);
    expect(opened.added.pages.length).toBeGreaterThan(2);
    for (let i = 0; i < keys.length; i += 97) expect(lookUp(opened, keys[i]!)).toBe(`${i}`);
    for (const absent of ['key', 'key00000000a', 'key9', '']) expect(lookUp(opened, absent)).toBeUndefined();
    expect(await walk(opened.run.cursor(FROM_THE_FIRST))).toEqual(keys);
    const backwards = await walk(opened.run.cursor({ ...FROM_THE_FIRST, reverse: true }));
    expect(backwards.reverse()).toEqual(keys);
    const cursor = opened.run.cursor(FROM_THE_FIRST);
    for (const at of [19_999, 3, 10_000, 12_345]) cursor.seek(bytes(keys[at]!));
    expect(await walk(cursor, 1)).toEqual([keys[19_999]]);
    await opened.run.verify();
  });

  it('asks its filters no more where all keys are there, and again after one that is not', async () => {
    const disk = new CrashableFileSystem();
    const opened = await openRun(disk, MANY, noCodec, PLAN, new BlockCache(0));
    let reads = 0;
    disk.observe(({ operation }) => void (operation === 'read' && reads++));
    const [there] = MANY.entries[9000]!;
    const absent = MANY.entries.slice(0, 100).map(([key]) => `${key}a`);
    const readsFor = (keys: readonly string[]): number => {
      const before = reads;
      for (const key of keys) expect(lookUp(opened, key)).toBeUndefined();
      return reads - before;
    };
    expect(readsFor(absent)).toBeLessThan(10);
    for (let lookups = 0; lookups < 1100; lookups++) expect(lookUp(opened, there)).toBe('9000');
    expect(readsFor([`${there}a`])).toBe(1);
    expect(readsFor(absent)).toBeLessThan(10);
  });

  it('tells what its ranges delete, which says nothing of its own entries', async () => {
    const opened = await open({
      entries: [['b', 'x']],
      ranges: [
        ['a', 'c'],
        ['c', 'd'],
        ['f', undefined],
      ],
    });
    const deleted = ['', 'a', 'b', 'c', 'd', 'e', 'f', 'z'].filter((key) => opened.run.deletedByRange(bytes(key)));
    expect(deleted).toEqual(['a', 'b', 'c', 'f', 'z']);
    expect(opened.run.ranges).toEqual([rangeOf('a', 'c'), rangeOf('c', 'd'), rangeOf('f', undefined)]);
    expect(lookUp(opened, 'b')).toBe('x');
    await opened.run.verify();
  });

  it('may hold ranges alone, in as many blocks as they need', async () => {
    const name = (i: number): string => `${'long'.repeat(10)}${10_000 + i}`;
    const ranges = Array.from({ length: 4000 }, (_, i) => [name(2 * i), name(2 * i + 1)] as const);
    const opened = await open({ entries: [], ranges });
    expect(opened.added.run).toMatchObject({ entries: 0, ranges: 4000 });
    expect(opened.added.pages).toEqual([]);
    expect(opened.run.ranges).toHaveLength(4000);
    expect([lookUp(opened, name(0)), opened.run.deletedByRange(bytes(name(0)))]).toEqual([undefined, true]);
    expect(await walk(opened.run.cursor(FROM_THE_FIRST))).toEqual([]);
    opened.run.cursor(FROM_THE_FIRST).seek(bytes('a'));
    await opened.run.verify();
  });

  it('describes itself, what it points to included', async () => {
    const disk = new CrashableFileSystem();
    const added = await writeContents(disk, {
      entries: [
        ['bb', 'x'],
        ['bbb', undefined],
        ['c', 'y'.repeat(500)],
        ['dddd', 'z'.repeat(100)],
      ],
      ranges: [
        ['a', 'aa'],
        ['e', 'f'],
      ],
    });
    expect(added!.run).toMatchObject({
      ...{ number: 1, entries: 4, tombstones: 1, ranges: 2, firstSequence: 5, lastSequence: 50, earliestDeadline: 1 },
      ...{ smallestKey: bytes('a'), largestKey: bytes('f') },
      bytes: disk.contents(runFileName(1)).length,
      references: [{ file: 2, values: 2, bytes: 16 + 500 + 16 + 100 }],
    });
    expect(added!.valueFile).toMatchObject({ number: 2, values: 2, bytes: disk.contents(valueFileName(2)).length });
    const endless = await writeContents(new CrashableFileSystem(), {
      entries: [['a', 'x']],
      ranges: [['b', undefined]],
    });
    expect(endless!.run).toMatchObject({ smallestKey: bytes('a'), largestKey: undefined });
    expect(endless!.valueFile).toBeUndefined();
  });

  it('is described by its file alone as it was when it was written', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (list) => {
        const disk = new CrashableFileSystem();
        const added = await writeContents(disk, {
          entries: list,
          ranges: [
            ['b', 'bb'],
            ['c', undefined],
          ],
        });
        const scanner = await RunScanner.open(disk, noCodec, 1);
        expect(await describeRun(scanner)).toEqual({ ...added, valueFile: undefined });
        await scanner.close();
      }),
      { numRuns: 40 },
    );
    const disk = new CrashableFileSystem();
    const added = await writeContents(disk, MANY);
    const { pages } = await describeRun(await RunScanner.open(disk, noCodec, 1));
    expect(pages.map((page) => Buffer.concat([page.firstKey, page.index, page.filter]).toString('hex'))).toEqual(
      added!.pages.map((page) => Buffer.concat([page.firstKey, page.index, page.filter]).toString('hex')),
    );
  });

  it('is scanned from the first entry to the last without a manifest', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (list) => {
        const disk = new CrashableFileSystem();
        const { values, added } = await openRun(disk, { entries: list, ranges: [['a', 'b']] }, new ZstdCodec());
        const scanner = await RunScanner.open(disk, new ZstdCodec(), 1, added.run);
        const found: unknown[] = [];
        for (;;) {
          while (scanner.wanting) await scanner.supply();
          if (scanner.current === undefined) break;
          const { key, meta, deadline } = scanner.current;
          found.push([text(key), valueOf(scanner.current, values) ?? undefined]);
          expect([text(meta), deadline]).toEqual([`m${text(key)}`, key.length]);
          scanner.advance();
        }
        expect(found).toEqual(list);
        expect(scanner.ranges).toEqual([rangeOf('a', 'b')]);
      }),
      { numRuns: 40 },
    );
  });

  it('reads a block from disk once, and from the cache from then on', async () => {
    const disk = new CrashableFileSystem();
    const { run } = await openRun(disk, MANY);
    const find = (from: 'memory' | 'disk'): unknown =>
      run.find(bytes('key00012345'), hashKey(bytes('key00012345')), from);
    let reads = 0;
    disk.observe(({ operation }) => void (operation === 'read' && reads++));
    const miss = await codeOrMiss(() => find('memory'));
    expect(miss).toBeInstanceOf(CacheMiss);
    expect(reads).toBe(0);
    await (miss as CacheMiss).load();
    await (miss as CacheMiss).load();
    expect(find('memory')).toMatchObject({ value: bytes('12345') });
    expect(find('disk')).toMatchObject({ value: bytes('12345') });
    expect(reads).toBe(1);
    expect(run.find(bytes('absent'), hashKey(bytes('absent')), 'memory')).toBeUndefined();
  });

  it('is walked without leaving its blocks in the cache, and with few reads', async () => {
    const disk = new CrashableFileSystem();
    const cache = new BlockCache(1 << 20);
    const { run } = await openRun(disk, MANY, noCodec, PLAN, cache);
    let reads = 0;
    disk.observe(({ operation }) => void (operation === 'read' && reads++));
    const before = cache.bytes;
    await walk(run.cursor(FROM_THE_FIRST));
    expect(cache.bytes).toBe(before);
    expect(reads).toBeLessThan(40);
  });

  it('lets its blocks go from the cache when it is closed', async () => {
    const cache = new BlockCache(1 << 20);
    const opened = await openRun(new CrashableFileSystem(), MANY, noCodec, PLAN, cache);
    for (let i = 0; i < 20_000; i += 1000) lookUp(opened, MANY.entries[i]![0]);
    expect(cache.bytes).toBeGreaterThan(0);
    await opened.run.close();
    expect(cache.bytes).toBe(0);
  });
});

describe('writing a run', () => {
  it('leaves no file when nothing was added', async () => {
    const disk = new CrashableFileSystem();
    expect(await writeContents(disk, { entries: [] })).toBeUndefined();
    expect(await disk.list('')).toEqual([]);
  });

  it('is durable once it resolves, and leaves no file when any call fails', async () => {
    const contents: RunContents = {
      entries: Array.from({ length: 400 }, (_, i) => [`key${1000 + i}`, 'v'.repeat(i % 2 === 0 ? 50 : 1500)] as const),
    };
    const failures = new Set<string>();
    for (let failing = 1; ; failing++) {
      const disk = new CrashableFileSystem();
      let calls = 0;
      let failed: string | undefined;
      disk.observe((call) => {
        if (++calls !== failing) return undefined;
        failed = `${call.operation} ${call.path}`;
        throw new Error('no');
      });
      const code = await codeOf(() => writeContents(disk, contents));
      disk.observe(undefined);
      if (failed === undefined) {
        expect(code).toBeUndefined();
        const survived = disk.afterPowerLoss(() => 0);
        expect(survived.contents(runFileName(1))).toEqual(disk.contents(runFileName(1)));
        expect(survived.contents(valueFileName(2))).toEqual(disk.contents(valueFileName(2)));
        break;
      }
      failures.add(failed);
      expect(code).toBeDefined();
      expect(await disk.list('')).toEqual([]);
    }
    for (const operation of ['create', 'write', 'sync', 'close']) {
      expect(failures).toContain(`${operation} ${runFileName(1)}`);
      expect(failures).toContain(`${operation} ${valueFileName(2)}`);
    }
    expect(failures).toContain('sync-directory ');
  });

  it('moves a value from another file unread, and keeps a pointer that is not moved', async () => {
    const disk = new CrashableFileSystem();
    const zstd = new ZstdCodec();
    const { run, values } = await openRun(
      disk,
      {
        entries: [
          ['a', 'x'.repeat(300)],
          ['b', 'y'.repeat(200)],
        ],
      },
      zstd,
    );
    const [a, b] = ['a', 'b'].map((key) => run.find(bytes(key), hashKey(bytes(key)), 'disk')!);
    if (a?.value === undefined || a.value instanceof Uint8Array || b === undefined)
      throw new Error('they are kept apart');
    const { value } = a;
    const plan = { ...PLAN, run: 3, valueFile: 4 };
    const added = await writeRun(disk, noCodec, plan, async (writer) => {
      writer.addRelocated(a, await values!.readStored(value), value.rawLength);
      writer.add(b);
    });
    expect(added!.run.references).toEqual([
      { file: 2, values: 1, bytes: 16 + (b.value as { storedLength: number }).storedLength },
      { file: 4, values: 1, bytes: 16 + value.storedLength },
    ]);
    const moved = await RunScanner.open(disk, noCodec, 3);
    await moved.supply();
    const file = await ValueFile.open(disk, added!.valueFile!, zstd, new BlockCache(0));
    expect(valueOf(moved.current!, file)).toBe('x'.repeat(300));
    moved.advance();
    expect(moved.current).toEqual(b);
  });
});

describe('a damaged run', () => {
  const contents: RunContents = {
    entries: [
      ['a', 'x'],
      ['b', 'y'.repeat(150)],
      ['c', 'z'.repeat(80)],
    ],
    ranges: [['d', 'e']],
  };

  it('is opened only if it is the file that the manifest describes', async () => {
    const disk = new CrashableFileSystem();
    const { added, manifest } = await openRun(disk, contents);
    const original = disk.contents(runFileName(1));
    const opening = (): Promise<SortedRun> => SortedRun.open(disk, added.run, manifest, noCodec, new BlockCache(0));
    disk.place(runFileName(1), original.subarray(0, -1));
    await expect(opening()).rejects.toThrow('the manifest recorded');
    const otherDisk = new CrashableFileSystem();
    await writeContents(otherDisk, contents, noCodec, { ...PLAN, lastSequence: 49 });
    disk.place(runFileName(1), otherDisk.contents(runFileName(1)));
    await expect(opening()).rejects.toThrow('not the file that the manifest recorded');
    disk.place(runFileName(1), original);
    giveVersion(disk, runFileName(1), 1);
    const message = `${runFileName(1)} has format version 1, this engine reads version 2`;
    await expect(opening()).rejects.toMatchObject({ code: 'UNSUPPORTED_FORMAT', message });
    await disk.remove(runFileName(1));
    await expect(opening()).rejects.toThrow('it is missing');
  });

  it('shows every changed bit to whoever verifies, scans or reads it', async () => {
    const disk = new CrashableFileSystem();
    const { added, run } = await openRun(disk, contents);
    const original = disk.contents(runFileName(1));
    for (let bit = 24 * 8; bit < original.length * 8; bit++) {
      const damaged = new Uint8Array(original);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      const copy = new CrashableFileSystem();
      copy.place(runFileName(1), damaged);
      const scanning = async (): Promise<unknown> => describeRun(await RunScanner.open(copy, noCodec, 1, added.run));
      expect(await codeOf(scanning)).toBe('CORRUPTION');
    }
    await run.verify();
  });

  it('is told from its description in the manifest by verifying', async () => {
    for (const change of [{ earliestDeadline: 9 }, { references: [] }, { largestKey: undefined }]) {
      const disk = new CrashableFileSystem();
      const { added, manifest } = await openRun(disk, contents);
      const run = await SortedRun.open(disk, { ...added.run, ...change }, manifest, noCodec, new BlockCache(0));
      expect(await codeOf(() => run.verify())).toBe('CORRUPTION');
    }
  });

  it('is told from pages of another run by verifying', async () => {
    const disk = new CrashableFileSystem();
    const { added, manifest } = await openRun(disk, contents);
    const others = [
      added.pages.map((page) => ({ ...page, filter: new Uint8Array(64) })),
      [],
      [...added.pages, { ...added.pages[0]!, firstKey: bytes('x') }],
    ];
    for (const pages of others) {
      const position = { flushedSequence: 50, oldestSegment: 1, nextFileNumber: 3 };
      const removed = { removedRuns: [1], forgottenRuns: [1], removedValueFiles: [2] };
      await manifest.commit({ ...position, ...removed, addedRuns: [{ ...added, pages }] });
      const run = await SortedRun.open(disk, added.run, manifest, noCodec, new BlockCache(0));
      expect(await codeOf(() => run.verify())).toBe('CORRUPTION');
    }
  });
});

async function codeOrMiss(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (thrown) {
    return thrown;
  }
}
