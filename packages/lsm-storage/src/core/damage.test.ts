/**
 * Damage to any file, anywhere: a typed error or the right answer, never a wrong value. Only what a crash may do to the
 * end of the log is no damage: there, the state of an earlier moment is right.
 */

import { describe, expect, it } from 'vitest';
import { CrashableFileSystem, seededRandom } from '../contract/index.ts';
import type { Random } from '../contract/index.ts';
import { ZstdCodec } from '../node/index.ts';
import { bytes, openOn, text } from '../testing/store.ts';
import { StorageError } from './errors.ts';
import type { StorageOptions } from './options.ts';
import type { StorageEngine } from './storage-engine.ts';

const OPTIONS: StorageOptions = { memtableBytes: 1 << 20, segmentBytes: 1024, blockBytes: 256, compactionFan: 64 };
const OVERRIDES = { codec: new ZstdCodec() };

type Contents = ReadonlyMap<string, string>;

interface Store {
  readonly disk: CrashableFileSystem;
  /** What was in the store after each write, the last one included. */
  readonly history: readonly Contents[];
}

/** A store with three runs, several segments and entries in the log, closed in order or as a crash leaves it. */
async function makeStore(closed: boolean): Promise<Store> {
  const disk = new CrashableFileSystem();
  const engine = await openOn(disk, OPTIONS, OVERRIDES);
  const history: Contents[] = [new Map()];
  for (let i = 0; i < 80; i++) {
    const contents = new Map(history.at(-1));
    const key = `key${(i * 7) % 30}`;
    if (i % 9 === 5) contents.delete(key);
    else contents.set(key, `value ${i} `.repeat(i % 30));
    const value = contents.get(key);
    await (value === undefined ? engine.delete(bytes(key)) : engine.put(bytes(key), bytes(value)));
    history.push(contents);
    if (i % 20 === 19 && i < 79) await engine.flush();
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
      const entry = engine.get(bytes(key));
      if (entry !== undefined) found.set(key, text(entry.value));
    } catch (error) {
      expectTyped(error);
      refused.add(key);
    }
  }
  return { found, refused };
}

function expectTyped(error: unknown): void {
  if (!(error instanceof StorageError)) throw error;
  expect(['CORRUPTION', 'UNSUPPORTED_FORMAT']).toContain(error.code);
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
      if (!refused.has(text(key)) && found.get(text(key)) !== text(value)) return false;
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
    const right = isRight(engine, moments);
    await engine.close();
    expect(right, `${path}, harm ${i}`).toBe(true);
  }
  return refused;
}

describe('damage', { timeout: 120_000 }, () => {
  it.each(['.run', '.log', 'manifest.db'])('of a %s is refused or does no harm', async (suffix) => {
    const store = await makeStore(true);
    const now = store.history.slice(-1);
    const paths = (await store.disk.list('')).filter((name) => name.endsWith(suffix));
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) {
      // Of the sealed last segment a cut is like a crash before the seal: the state of an earlier moment.
      const newest = path === paths.at(-1) && suffix === '.log';
      const refused = await harmFile(store, path, Math.ceil(240 / paths.length), newest ? store.history : now);
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
    store.disk.place(path, contents.fill(0, 24, contents.length - 64));
    const engine = await openOn(store.disk, OPTIONS, OVERRIDES);
    const { found, refused } = readAll(engine, store.history.at(-1)!.keys());
    expect(found.size).toBeGreaterThan(0);
    expect(refused.size).toBeGreaterThan(0);
    for (const key of refused) expect(() => engine.get(bytes(key))).toThrow(`${path} is damaged at byte`);
    await expect(engine.compact()).rejects.toThrow(`${path} is damaged at byte`);
    await engine.put(bytes('new'), bytes('still writable'));
    expect(engine.stats()).toMatchObject({ state: 'open', compactionFailure: { code: 'CORRUPTION' } });
    await engine.close();
  });

  it('that swaps two files of a kind is noticed', async () => {
    for (const suffix of ['.run', '.log']) {
      const store = await makeStore(true);
      const [first, second] = (await store.disk.list('')).filter((name) => name.endsWith(suffix));
      const contents = store.disk.contents(first!);
      store.disk.place(first!, store.disk.contents(second!));
      store.disk.place(second!, contents);
      await expect(openOn(store.disk, OPTIONS, OVERRIDES)).rejects.toMatchObject({ code: 'CORRUPTION' });
    }
  });
});
