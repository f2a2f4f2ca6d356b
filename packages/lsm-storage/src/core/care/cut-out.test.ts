import { describe, expect, it } from 'vitest';
import type { CrashableFileSystem } from '../../contract/index.ts';
import { CARE_OPTIONS, blocksOf, rot } from '../../testing/care.ts';
import { contentsWithout, expectContents, layeredStore, openLayers } from '../../testing/layers.ts';
import type { Layers } from '../../testing/layers.ts';
import { bytes, contentsOf, openOn } from '../../testing/store.ts';
import { wrapFileSystem } from '../../testing/wrapped-file-system.ts';
import { CorruptionError, StorageError } from '../errors.ts';
import { coversKey } from '../key-ranges.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { StorageEngine } from '../storage-engine.ts';
import type { Loss } from './losses.ts';

const HEADER = 8;
const LAST_BYTE = -1;

interface Damaged {
  readonly disk: CrashableFileSystem;
  readonly engine: StorageEngine;
}

/** Rots one byte in each of these blocks of a file under a store that is open; negative numbers count from the end. */
async function openRotten(layers: Layers, path: string, blocks: readonly number[], byte: number): Promise<Damaged> {
  const opened = await openLayers(layers);
  const found = await blocksOf(opened.disk, path);
  for (const number of blocks) {
    const { at, bytes: length } = found.at(number)!;
    await rot(opened.disk, path, at + (byte < 0 ? length + byte : byte));
  }
  return opened;
}

/** The keys that reading refuses, all of them for that file. */
function refused(engine: StorageEngine, keys: Iterable<string>, path: string): string[] {
  return [...keys].filter((key) => {
    try {
      engine.getSync(bytes(key));
      return false;
    } catch (error) {
      expect(error).toMatchObject({ code: 'CORRUPTION', file: path });
      return true;
    }
  });
}

function isIn({ ranges }: Loss, key: string): boolean {
  return coversKey(ranges, bytes(key));
}

/** Cuts a loss out, and checks all that must hold afterwards. */
async function expectCut({ disk, engine }: Damaged, layers: Layers, loss: Loss): Promise<void> {
  const contents = contentsWithout(layers, loss.ranges);
  await engine.cutOut(loss);
  await expectContents(engine, contents);
  expect((await engine.verify()).damage).toEqual([]);
  expect(await disk.exists(loss.file)).toBe(false);
  expect(await engine.lossOf(loss.file)).toEqual({ file: loss.file, ranges: [], runs: [] });
  await engine.compact();
  expect(engine.stats()).toMatchObject({ runs: 1, compactionFailure: undefined });
  await expectContents(engine, contents);
  await engine.close();
  const again = await openOn(disk, CARE_OPTIONS);
  await expectContents(again, contents);
  expect((await again.verify()).damage).toEqual([]);
  await again.close();
}

describe('the loss of a run', () => {
  it.each([
    ['in what it stores', LAST_BYTE],
    ['in the length that its header says', HEADER],
  ])('of any one block, damaged %s, is the keys of that block, and no more', async (_, byte) => {
    const layers = await layeredStore();
    const blocks = await blocksOf(layers.disk, layers.run);
    expect(blocks.length).toBeGreaterThan(6);
    const lost: string[] = [];
    for (const number of blocks.keys()) {
      const rotten = await openRotten(layers, layers.run, [number], byte);
      const loss = await rotten.engine.lossOf(layers.run);
      expect(loss.ranges).toHaveLength(number === blocks.length - 1 ? 0 : 1);
      const keys = [...layers.middle.keys()].filter((key) => isIn(loss, key));
      for (const key of refused(rotten.engine, layers.contents.keys(), layers.run)) expect(isIn(loss, key)).toBe(true);
      lost.push(...keys);
      await expectCut(rotten, layers, loss);
    }
    // Each key of the run was in one of its blocks.
    expect(lost).toEqual([...layers.middle.keys()]);
  });

  it('of several blocks is the keys of them all, neighbours in one range', async () => {
    const layers = await layeredStore();
    const rotten = await openRotten(layers, layers.run, [0, 2, 3, -2], HEADER);
    const loss = await rotten.engine.lossOf(layers.run);
    expect(loss.ranges).toHaveLength(3);
    await expectCut(rotten, layers, loss);
  });

  it('of all blocks leaves nothing of it but that everything older is gone', async () => {
    const layers = await layeredStore();
    const all = [...(await blocksOf(layers.disk, layers.run)).keys()];
    const rotten = await openRotten(layers, layers.run, all, LAST_BYTE);
    const loss = await rotten.engine.lossOf(layers.run);
    expect(loss.ranges).toHaveLength(1);
    expect([...layers.middle.keys()].every((key) => isIn(loss, key))).toBe(true);
    await expectCut(rotten, layers, loss);
  });

  it('of the oldest run needs nothing in its place', async () => {
    const layers = await layeredStore(true);
    for (const blocks of [[0], [3], [-2], [0, 1, 2, 3, 4, 5]]) {
      const rotten = await openRotten(layers, layers.run, blocks, LAST_BYTE);
      const loss = await rotten.engine.lossOf(layers.run);
      expect(loss.ranges).toHaveLength(1);
      await expectCut(rotten, layers, loss);
    }
  });

  it('where it is not of an entry is no key, and its range tombstones stay', async () => {
    const layers = await layeredStore();
    const { length } = layers.disk.contents(layers.run);
    const ranges = (await blocksOf(layers.disk, layers.run)).at(-1)!;
    for (const at of [0, 20, ranges.at + HEADER, ranges.at + ranges.bytes - 1, length - 60, length - 1]) {
      const opened = await openLayers(layers);
      await rot(opened.disk, layers.run, at);
      const loss = await opened.engine.lossOf(layers.run);
      expect(loss).toMatchObject({ ranges: [], runs: [{ ranges: [], gaps: [], valueFiles: [] }] });
      await expect(opened.engine.compact()).rejects.toMatchObject({ file: layers.run });
      await expectCut(opened, layers, loss);
    }
  });

  it('is known too where the disk gives an error, and only of what cannot be read', async () => {
    const layers = await layeredStore();
    const [bad, good] = (await blocksOf(layers.disk, layers.run)).slice(3);
    const failing = (fileSystem: FileSystem): FileSystem =>
      wrapFileSystem(fileSystem, (file) => {
        const touches = (position: number, length: number): boolean =>
          file.path === layers.run && position < bad!.at + bad!.bytes && position + length > bad!.at;
        const refuse = (): never => {
          throw new StorageError('IO_ERROR', 'a bad sector');
        };
        return {
          read: async (at, length, memory) => (touches(at, length) ? refuse() : file.read(at, length, memory)),
          readSync: (at, length, memory) => (touches(at, length) ? refuse() : file.readSync(at, length, memory)),
        };
      });
    const opened = await openLayers(layers, { wrapFileSystem: failing });
    await expect(opened.engine.compact()).rejects.toBeInstanceOf(CorruptionError);
    expect(opened.engine.stats().compactionFailure).toMatchObject({ file: layers.run, cause: { code: 'IO_ERROR' } });
    const loss = await opened.engine.lossOf(layers.run);
    expect(loss.runs).toMatchObject([{ gaps: [{ from: bad!.at, to: good!.at }] }]);
    await expectCut(opened, layers, loss);
  });

  it('is nothing that a disk misread once', async () => {
    const layers = await layeredStore();
    let misread = false;
    const misreading = (fileSystem: FileSystem): FileSystem =>
      wrapFileSystem(fileSystem, (file) => ({
        read: async (at, length, memory) => {
          const bytesRead = await file.read(at, length, memory);
          const isNow = misread && (file.path === layers.run || file.path === layers.values) && at > 0;
          if (isNow) bytesRead[bytesRead.length - 1]! ^= 1;
          misread &&= !isNow;
          return bytesRead;
        },
      }));
    const { engine } = await openLayers(layers, { wrapFileSystem: misreading });
    for (const file of [layers.run, layers.values]) {
      misread = true;
      const { ranges } = await engine.lossOf(file);
      expect(misread, 'something was misread').toBe(false);
      expect(ranges).toEqual([]);
    }
    await engine.close();
  });

  it('is found without the page of the index that says where its blocks are', async () => {
    const layers = await layeredStore();
    const blocks = await blocksOf(layers.disk, layers.run);
    let unreadable = false;
    for (const number of [0, 3, blocks.length - 2, undefined]) {
      const opened = await openLayers(layers, {
        wrapManifest: (manifest) => {
          const page = manifest.page.bind(manifest);
          manifest.page = (run, which) => {
            if (!unreadable || run !== Number.parseInt(layers.run, 10)) return page(run, which);
            throw new CorruptionError('manifest.db', 0, 'a page does not match its checksum');
          };
          return manifest;
        },
      });
      if (number !== undefined) await rot(opened.disk, layers.run, blocks[number]!.at + HEADER);
      unreadable = true;
      const loss = await opened.engine.lossOf(layers.run);
      const lost = [...layers.middle.keys()].filter((key) => isIn(loss, key));
      if (number === undefined) expect(loss.ranges).toEqual([]);
      else if (number === 0) expect(lost).toEqual([...layers.middle.keys()]);
      else expect(lost.length).toBeGreaterThan(0);
      if (number !== undefined && number > 0) expect(lost.length).toBeLessThan(layers.middle.size);
      await expectCut(opened, layers, loss);
      unreadable = false;
    }
  });
});

describe('the loss of a value file', () => {
  it.each([
    ['in what it stores', LAST_BYTE],
    ['in the length that its header says', HEADER],
  ])('of any one value, damaged %s, is its key', async (_, byte) => {
    const layers = await layeredStore();
    const apart = [...layers.middle].filter(([, value]) => value !== undefined && value.length >= 200);
    expect(await blocksOf(layers.disk, layers.values)).toHaveLength(apart.length);
    for (const [number, [key]] of apart.entries()) {
      const rotten = await openRotten(layers, layers.values, [number], byte);
      const loss = await rotten.engine.lossOf(layers.values);
      expect(loss.ranges).toEqual([{ from: bytes(key), to: bytes(`${key}\0`) }]);
      const upper = layers.upper.has(key);
      expect(refused(rotten.engine, layers.contents.keys(), layers.values)).toEqual(upper ? [] : [key]);
      await expectCut(rotten, layers, loss);
    }
  });

  it('of several values, and of the oldest run', async () => {
    for (const oldest of [false, true]) {
      const layers = await layeredStore(oldest);
      const rotten = await openRotten(layers, layers.values, [0, 1, -1], HEADER);
      const loss = await rotten.engine.lossOf(layers.values);
      expect(loss.ranges).toHaveLength(3);
      await expectCut(rotten, layers, loss);
    }
  });

  it('where it is of no value is no key, and the file goes all the same', async () => {
    const layers = await layeredStore();
    for (const at of [0, 20, layers.disk.contents(layers.values).length - 1]) {
      const opened = await openLayers(layers);
      await rot(opened.disk, layers.values, at);
      const loss = await opened.engine.lossOf(layers.values);
      expect(loss).toMatchObject({ ranges: [], runs: [{ ranges: [], gaps: [] }] });
      await expectCut(opened, layers, loss);
    }
  });

  it('is cut out of all runs that point into the file, garbage in it included', async () => {
    const layers = await layeredStore();
    const { disk, engine } = await openLayers(layers);
    // The middle layer takes the upper one in; two of its values are garbage then.
    await engine.compactRange(bytes('key04'), bytes('key05'));
    const contents = contentsOf(engine);
    for (const { at } of (await blocksOf(disk, layers.values)).slice(0, 1)) await rot(disk, layers.values, at + HEADER);
    const loss = await engine.lossOf(layers.values);
    expect(loss).toMatchObject({ ranges: [], runs: [{}] });
    await engine.cutOut(loss);
    expect(await disk.exists(layers.values)).toBe(false);
    expect((await engine.verify()).damage).toEqual([]);
    await expectContents(engine, contents);
    await engine.close();
  });

  it('cannot be told while a run that points into it is damaged itself', async () => {
    const layers = await layeredStore();
    const { disk, engine } = await openRotten(layers, layers.values, [3], HEADER);
    await rot(disk, layers.run, (await blocksOf(disk, layers.run))[1]!.at + HEADER);
    await expect(engine.lossOf(layers.values)).rejects.toMatchObject({ code: 'CORRUPTION', file: layers.run });
    const ofRun = await engine.lossOf(layers.run);
    await engine.cutOut(ofRun);
    const loss = await engine.lossOf(layers.values);
    expect(loss.ranges).toHaveLength(1);
    const contents = contentsWithout(layers, ofRun.ranges);
    await expectCut({ disk, engine }, { ...layers, contents }, loss);
  });
});
