/** Stepping asynchronously: the same entries as within the call, read off the calling thread, and not into the cache. */

import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../../contract/index.ts';
import { HeldReads } from '../../testing/held-reads.ts';
import { bytes, codeOf, isSettled, openOn, text } from '../../testing/store.ts';
import { wrapFileSystem } from '../../testing/wrapped-file-system.ts';
import type { KeyedEntry } from '../entry.ts';
import type { StorageEngine } from '../storage-engine.ts';

const OPTIONS = { blockBytes: 256, separateBytes: 100, scaling: 8 };
const COUNT = 120;

const key = (i: number): Uint8Array => bytes(`key${String(i).padStart(3, '0')}`);
/** Small ones, and, every third, one that is kept apart. */
const value = (i: number, version: number): Uint8Array => bytes(`${version}: value ${i}`.repeat(i % 3 === 0 ? 20 : 1));

/** Three cold runs that know some keys twice, a range tombstone, deleted keys, and a memtable. */
async function coldDisk(): Promise<CrashableFileSystem> {
  const disk = new CrashableFileSystem();
  const engine = await openOn(disk, OPTIONS);
  for (let version = 1; version <= 3; version++) {
    for (let i = version - 1; i < COUNT; i += version) await engine.put(key(i), value(i, version));
    if (version === 2) await engine.deleteRange(key(40), key(50));
    for (let i = version; i < COUNT; i += 17) await engine.delete(key(i));
    await engine.flush();
  }
  await engine.put(key(7), value(7, 4));
  await engine.close();
  return disk;
}

class Counted {
  sync = 0;
  readonly held: HeldReads = new HeldReads();

  async open(disk: CrashableFileSystem, cacheBytes: number): Promise<StorageEngine> {
    return openOn(
      disk,
      { ...OPTIONS, cacheBytes },
      {
        wrapFileSystem: (fileSystem) => {
          return wrapFileSystem(this.held.wrap(fileSystem), (file) => ({
            readSync: (position, length, memory) => {
              this.sync++;
              return file.readSync(position, length, memory);
            },
          }));
        },
      },
    );
  }
}

const shown = (entries: readonly KeyedEntry[]): string[] => {
  return entries.map((entry) => `${text(entry.key)}=${entry.value === undefined ? '-' : text(entry.value)}`);
};

const opened: StorageEngine[] = [];
async function cold(cacheBytes = 1 << 20): Promise<{ engine: StorageEngine; counted: Counted }> {
  const counted = new Counted();
  const engine = await counted.open(await coldDisk(), cacheBytes);
  opened.push(engine);
  return { engine, counted };
}

afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close();
});

describe('an iterator', () => {
  it('reads no block of a run all of whose keys lie behind its end, in either direction', async () => {
    const { engine, counted } = await cold(0);
    for (const range of [{ lt: bytes('key') }, { gte: bytes('kez'), reverse: true }]) {
      counted.sync = 0;
      expect([...engine.scan(range)]).toEqual([]);
      expect(counted.sync).toBe(0);
    }
  });
});

describe('an iterator that steps asynchronously', () => {
  it('gives what one that reads within the call gives, in pieces of any size, from any bounds, after any seek', async () => {
    const { engine, counted } = await cold(0);
    const index = fc.nat(COUNT);
    const ranges = fc.record(
      { gte: index.map(key), lt: index.map(key), reverse: fc.boolean(), limit: fc.nat(90), values: fc.boolean() },
      { requiredKeys: [] },
    );
    const pieces = fc.array(
      fc.record({ count: fc.integer({ min: 1, max: 40 }), bytes: fc.nat(900), seek: fc.option(index) }),
    );
    await fc.assert(
      fc.asyncProperty(ranges, pieces, async (range, taken) => {
        const within = engine.iterator(range);
        const apart = engine.iterator(range);
        for (const { count, bytes: most, seek } of taken) {
          const expected = shown(within.nextv(count, most));
          counted.sync = 0;
          expect(shown(await apart.takeMany(count, most))).toEqual(expected);
          expect(counted.sync).toBe(0);
          if (expected.length < count && expected.length === 0) break;
          if (seek === null || (await codeOf(() => within.seek(key(seek)))) === 'CLOSED') continue;
          apart.seek(key(seek));
        }
        within.close();
        apart.close();
      }),
      { numRuns: 150 },
    );
  });

  it('reads nothing within the call, and leaves nothing in the cache', async () => {
    const { engine, counted } = await cold();
    const expected = shown([...engine.scan()]);
    counted.sync = 0;
    const before = engine.stats().cacheBytes;
    const found: KeyedEntry[] = [];
    for await (const entry of engine.iterator()) found.push(entry);
    expect(shown(found)).toEqual(expected);
    expect(counted.sync).toBe(0);
    expect(engine.stats().cacheBytes).toBe(before);
  });

  it('answers what is in memory within the call', async () => {
    const { engine } = await cold();
    await engine.compact();
    for (let i = 0; i < COUNT; i++) engine.getSync(key(i));
    const iterator = engine.iterator();
    expect(iterator.take()).toMatchObject({ key: key(0) });
    const rest = iterator.takeMany(1000);
    expect(rest).toBeInstanceOf(Array);
    expect(await rest).toHaveLength([...engine.scan()].length - 1);
    expect(iterator.take()).toBeUndefined();
  });

  it('keeps what it reads, whatever is compacted and whoever closes it meanwhile', async () => {
    const { engine, counted } = await cold(0);
    const expected = shown([...engine.scan()]);
    const whole = engine.iterator();
    const given = engine.iterator();
    counted.held.hold();
    const all = whole.takeMany(1000) as Promise<KeyedEntry[]>;
    const givenUp = codeOf(() => given.takeMany(1000));
    await isSettled(all);
    given.close();
    const removing = (async () => {
      counted.held.release();
      await engine.compact();
    })();
    expect(shown(await all)).toEqual(expected);
    expect(await givenUp).toBe('CLOSED');
    await removing;
    expect(counted.held).toMatchObject({ closedUnderRead: [], readsOfClosed: [] });
  });

  it('takes one step at a time, and ends with the engine', async () => {
    const { engine, counted } = await cold(0);
    const iterator = engine.iterator();
    counted.held.hold();
    const step = codeOf(() => iterator.take());
    expect(await isSettled(step)).toBe(false);
    for (const another of [() => iterator.take(), () => iterator.next(), () => iterator.seek(key(3))]) {
      expect(await codeOf(another)).toBe('INVALID_ARGUMENT');
    }
    const closing = engine.close();
    expect(await isSettled(closing)).toBe(false);
    counted.held.release();
    expect(await step).toBe('CLOSED');
    await closing;
    expect(counted.held).toMatchObject({ closedUnderRead: [], readsOfClosed: [] });
  });

  it('tells of a read that failed, and goes on where it was once reads succeed', async () => {
    const { engine, counted } = await cold(0);
    const expected = shown([...engine.scan({ values: false })]);
    const iterator = engine.iterator({ values: false });
    counted.held.hold();
    const failing = codeOf(() => iterator.takeMany(5));
    await isSettled(failing);
    counted.held.failHeld();
    expect(await failing).toBe('IO_ERROR');
    counted.held.release();
    expect(shown(await iterator.takeMany(1000))).toEqual(expected);
  });

  it('closes when its loop is left', async () => {
    const { engine } = await cold();
    const iterator = engine.iterator();
    for await (const entry of iterator) {
      expect(entry.key).toEqual(key(0));
      break;
    }
    expect(await codeOf(() => iterator.seek(key(1)))).toBe('CLOSED');
  });
});
