/**
 * Damage to any file, anywhere: a typed error or the right answer, never a wrong value. Only what a crash may do to the
 * end of the log is no damage: there, the state of an earlier moment is right.
 */

import { describe, expect, it } from 'vitest';
import { CrashableFileSystem, seededRandom } from '../contract/index.ts';
import type { Random } from '../contract/index.ts';
import { ZstdCodec } from '../node/index.ts';
import { soak } from '../testing/soak.ts';
import { bytes, openOn, text } from '../testing/store.ts';
import { CorruptionError, StorageError } from './errors.ts';
import type { StorageOptions } from './options.ts';
import type { StorageEngine } from './storage-engine.ts';

const OPTIONS: StorageOptions = {
  memtableBytes: 1 << 20,
  blockBytes: 256,
  separateBytes: 150,
  scaling: 8,
  garbageRatio: 0.95,
};
const OVERRIDES = { codec: new ZstdCodec() };

type Contents = ReadonlyMap<string, string>;

interface Store {
  readonly disk: CrashableFileSystem;
  /** What was in the store after each write, the last one included. */
  readonly history: readonly Contents[];
}

/** A store with three runs, their value files and two segments, closed in order or as a crash leaves it. */
async function makeStore(closed: boolean): Promise<Store> {
  const disk = new CrashableFileSystem();
  let engine = await openOn(disk, OPTIONS, OVERRIDES);
  const history: Contents[] = [new Map()];
  for (let i = 0; i < 80; i++) {
    const contents = new Map(history.at(-1));
    const key = `key${(i * 7) % 30}`;
    if (i % 18 === 14) {
      for (const each of contents.keys()) if (each >= 'key11' && each < 'key13') contents.delete(each);
      await engine.deleteRange(bytes('key11'), bytes('key13'));
    } else if (i % 9 === 5) {
      contents.delete(key);
      await engine.delete(bytes(key));
    } else {
      const value = `value ${i} `.repeat(i % 30);
      contents.set(key, value);
      await engine.put(bytes(key), bytes(value));
    }
    history.push(contents);
    if (i % 20 === 19 && i < 79) await engine.flush();
    if (i === 69) {
      await engine.close();
      engine = await openOn(disk, OPTIONS, OVERRIDES);
    }
  }
  if (!closed) return { disk: disk.clone(), history };
  await engine.close();
  return { disk, history };
}

type Harm = (contents: Uint8Array, random: Random) => Uint8Array;

const flipBit: Harm = (contents, random) => {
  const bit = Math.floor(random() * contents.length * 8);
  contents[bit >> 3] = (contents[bit >> 3] as number) ^ (1 << (bit & 7));
  return contents;
};
const cut: Harm = (contents, random) => contents.subarray(0, Math.floor(random() * contents.length));
const zero: Harm = (contents, random) => {
  const at = Math.floor(random() * contents.length);
  return contents.fill(0, at, at + 1 + Math.floor(random() * 512));
};

/** What reading everything came to: contents, with typed errors left out; anything else is thrown. */
function readAll(engine: StorageEngine, keys: Iterable<string>): { found: Map<string, string>; refused: Set<string> } {
  const found = new Map<string, string>();
  const refused = new Set<string>();
  for (const key of keys) {
    try {
      const value = engine.getSync(bytes(key));
      if (value !== undefined) found.set(key, text(value));
    } catch (error) {
      expectTyped(error);
      refused.add(key);
    }
  }
  return { found, refused };
}

/** A CorruptionError, or a manifest that says it is of another format; `path`: the file it must name. */
function expectTyped(error: unknown, path?: string): void {
  if (!(error instanceof StorageError)) throw error;
  if (error.code === 'UNSUPPORTED_FORMAT') return;
  if (!(error instanceof CorruptionError)) throw error;
  expect(error.message).toContain(`${error.file} is damaged at byte ${error.offset}: `);
  // What runs refer to may be missing in the one, or damaged in the other.
  if (path !== undefined && path.endsWith('s')) expect([path, path.replace('.values', '.run')]).toContain(error.file);
}

/** Whether what was found is the contents of some moment, as far as it could be read; and the same by scanning. */
function isRight(engine: StorageEngine, moments: readonly Contents[]): boolean {
  const keys = new Set(moments.flatMap((contents) => [...contents.keys()]));
  const { found, refused } = readAll(engine, keys);
  const right = moments.some((contents) => {
    return [...keys].every((key) => refused.has(key) || found.get(key) === contents.get(key));
  });
  try {
    for (const { key, value } of engine.scan()) {
      if (!refused.has(text(key)) && found.get(text(key)) !== text(value!)) return false;
    }
  } catch (error) {
    expectTyped(error);
  }
  return right;
}

/** Harms one file in many ways; gives back how often opening or reading refused, and how often all was right. */
async function harmFile(store: Store, path: string, times: number, moments: readonly Contents[]): Promise<number> {
  const random = seededRandom(path.length + times);
  let refused = 0;
  for (let i = 0; i < times; i++) {
    const disk = store.disk.clone();
    disk.place(path, [flipBit, flipBit, cut, zero][i % 4]!(disk.contents(path), random));
    let engine: StorageEngine;
    try {
      engine = await openOn(disk, OPTIONS, OVERRIDES);
    } catch (error) {
      expectTyped(error);
      refused++;
      continue;
    }
    expect(isRight(engine, moments), `${path}, harm ${i}`).toBe(true);
    // A merge carries no damage over, whatever it makes of the rest.
    await engine.compact().catch(expectTyped);
    expect(isRight(engine, moments), `${path}, harm ${i}, merged`).toBe(true);
    await engine.close();
  }
  return refused;
}

describe('damage', { timeout: soak.timeout }, () => {
  it.each(['.run', '.values', '.log', 'manifest.db'])('of a %s is refused or does no harm', async (suffix) => {
    const store = await makeStore(true);
    const now = store.history.slice(-1);
    const paths = (await store.disk.list('')).filter((name) => name.endsWith(suffix));
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) {
      // Of the sealed last segment a cut is like a crash before the seal: the state of an earlier moment.
      const newest = path === paths.at(-1) && suffix === '.log';
      const refused = await harmFile(
        store,
        path,
        Math.ceil(soak.times(160) / paths.length),
        newest ? store.history : now,
      );
      expect(refused).toBeGreaterThan(0);
    }
  });

  it('of the log of a crashed store is refused, or is a torn tail', async () => {
    const store = await makeStore(false);
    const paths = (await store.disk.list('')).filter((name) => name.endsWith('.log'));
    for (const path of paths) {
      const newest = path === paths.at(-1);
      await harmFile(store, path, 40, newest ? store.history : store.history.slice(-1));
    }
  });

  it('of any single bit of a sealed last segment loses nothing unnoticed', async () => {
    const store = await makeStore(true);
    const path = (await store.disk.list('')).filter((name) => name.endsWith('.log')).at(-1)!;
    const whole = store.disk.contents(path);
    for (let at = 0; at < whole.length; at += 3) {
      const disk = store.disk.clone();
      const contents = new Uint8Array(whole);
      contents[at] = (contents[at] as number) ^ (1 << (at & 7));
      disk.place(path, contents);
      try {
        const engine = await openOn(disk, OPTIONS, OVERRIDES);
        expect(isRight(engine, store.history.slice(-1)), `byte ${at}`).toBe(true);
        await engine.close();
      } catch (error) {
        expectTyped(error);
      }
    }
  });

  it('of a run leaves the rest of the store readable, and says which file it was', async () => {
    const store = await makeStore(true);
    const path = (await store.disk.list('')).findLast((name) => name.endsWith('.run'))!;
    const contents = store.disk.contents(path);
    store.disk.place(path, contents.fill(0, 24, 200));
    const engine = await openOn(store.disk, OPTIONS, OVERRIDES);
    const { found, refused } = readAll(engine, store.history.at(-1)!.keys());
    expect(found.size).toBeGreaterThan(0);
    expect(refused.size).toBeGreaterThan(0);
    for (const key of refused) expect(() => engine.getSync(bytes(key))).toThrow(`${path} is damaged at byte`);
    await expect(engine.compact()).rejects.toThrow(`${path} is damaged at byte`);
    await engine.put(bytes('new'), bytes('still writable'));
    expect(engine.stats()).toMatchObject({ state: 'open', compactionFailure: { code: 'CORRUPTION' } });
    await engine.close();
  });

  it('that swaps two files of a kind is noticed', async () => {
    for (const suffix of ['.run', '.values', '.log']) {
      const store = await makeStore(true);
      const [first, second] = (await store.disk.list('')).filter((name) => name.endsWith(suffix));
      const contents = store.disk.contents(first!);
      store.disk.place(first!, store.disk.contents(second!));
      store.disk.place(second!, contents);
      await expect(openOn(store.disk, OPTIONS, OVERRIDES)).rejects.toMatchObject({ code: 'CORRUPTION' });
    }
  });

  it('of a value shows to whoever reads it, off the calling thread too, and to nobody else', async () => {
    const store = await makeStore(true);
    const path = (await store.disk.list('')).findLast((name) => name.endsWith('.values'))!;
    const contents = store.disk.contents(path);
    store.disk.place(path, contents.fill(0, 24, contents.length - 64));
    const engine = await openOn(store.disk, OPTIONS, OVERRIDES);
    const now = store.history.at(-1)!;
    const { refused } = readAll(engine, now.keys());
    expect(refused.size).toBeGreaterThan(0);
    for (const key of now.keys()) {
      expect(engine.hasSync(bytes(key))).toBe(true);
      expect(engine.getMeta(bytes(key))).toBeDefined();
      const read = Promise.resolve(engine.get(bytes(key)));
      if (refused.has(key)) await expect(read).rejects.toMatchObject({ code: 'CORRUPTION', file: path });
      else expect(text((await read)!)).toBe(now.get(key));
    }
    expect([...engine.scan({ values: false })]).toHaveLength(now.size);
    await expect((async () => engine.getMany([...now.keys()].map(bytes)))()).rejects.toMatchObject({ file: path });
    await engine.close();
  });

  it('of the log under a running store is not carried into a run: the flush goes by what is in memory', async () => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk, OPTIONS, OVERRIDES);
    for (let i = 0; i < 30; i++) await engine.put(bytes(`key${i}`), bytes(`value ${i}`.repeat(30)));
    const path = (await disk.list('')).find((name) => name.endsWith('.log'))!;
    const file = await disk.open(path, 'modify');
    await file.write(1000, [Uint8Array.of(1, 2, 3)]);
    await file.close();
    await engine.flush();
    expect(engine.stats()).toMatchObject({ state: 'open', runs: 1, runEntries: 30 });
    const lost = disk.afterPowerLoss(seededRandom(1));
    await engine.put(bytes('more'), bytes('v'));
    const lostLater = disk.afterPowerLoss(seededRandom(2));
    await engine.close();
    for (const found of [lost, lostLater, disk]) {
      const again = await openOn(found, OPTIONS, OVERRIDES);
      for (let i = 0; i < 30; i++) expect(text(again.getSync(bytes(`key${i}`))!)).toBe(`value ${i}`.repeat(30));
      expect(again.hasSync(bytes('more'))).toBe(found !== lost);
      await again.put(bytes('again'), bytes('v'));
      await again.flush();
      await again.close();
      await (await openOn(found, OPTIONS, OVERRIDES)).close();
    }
  });

  it('of the log, whenever power is lost: the flush from memory is there, or the damaged log is', async () => {
    const damaged = async (): Promise<{ disk: CrashableFileSystem; engine: StorageEngine }> => {
      const disk = new CrashableFileSystem();
      const engine = await openOn(disk, OPTIONS, OVERRIDES);
      for (let i = 0; i < 30; i++) await engine.put(bytes(`key${i}`), bytes(`value ${i}`));
      const path = (await disk.list('')).find((name) => name.endsWith('.log'))!;
      const file = await disk.open(path, 'modify');
      await file.write(200, [Uint8Array.of(1, 2, 3)]);
      await file.sync();
      await file.close();
      return { disk, engine };
    };
    let refused = 0;
    let whole = 0;
    for (let call = 1, last = false; !last; call++) {
      const { disk, engine } = await damaged();
      let calls = 0;
      let found: CrashableFileSystem | undefined;
      disk.observe(() => {
        calls++;
        if (calls === call) found = disk.afterPowerLoss(seededRandom(call));
        return undefined;
      });
      await engine.flush();
      disk.observe(undefined);
      await engine.close();
      last = found === undefined;
      try {
        const again = await openOn(found ?? disk, OPTIONS, OVERRIDES);
        for (let i = 0; i < 30; i++) expect(text(again.getSync(bytes(`key${i}`))!)).toBe(`value ${i}`);
        await again.close();
        whole++;
      } catch (error) {
        expect(error).toMatchObject({ code: 'CORRUPTION', file: '0000000001.log' });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(5);
    expect(whole).toBeGreaterThan(2);
  });
});
