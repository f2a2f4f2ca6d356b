/** Cutting damage out of a store that is read, written, merged and crashed meanwhile. */

import { describe, expect, it } from 'vitest';
import type { CrashableFileSystem } from '../../contract/index.ts';
import { seededRandom } from '../../contract/index.ts';
import { CARE_OPTIONS, blocksOf, filesOf, rot } from '../../testing/care.ts';
import { contentsWithout, expectContents, layeredStore, openLayers } from '../../testing/layers.ts';
import type { Layers } from '../../testing/layers.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import {
  bytes,
  codeOf,
  contentsOf,
  isSettled,
  openOn,
  sameContents,
  text,
  turns,
  valueAt,
} from '../../testing/store.ts';
import { StorageError } from '../errors.ts';
import { coversKey } from '../key-ranges.ts';
import type { Jobs } from '../ports/jobs.ts';
import type { StorageEngine } from '../storage-engine.ts';
import type { StoreReads } from '../read/store-reads.ts';
import type { Loss } from './losses.ts';

const HEADER = 8;

/** Nothing is done before it is given up. */
const LASTING: Jobs = {
  run: async (_job, control) => {
    while (!control.cancelled()) await turns();
    throw new StorageError('CLOSED', 'the job was given up');
  },
  stop: () => Promise.resolve(),
};

interface Rotten {
  readonly disk: CrashableFileSystem;
  readonly engine: StorageEngine;
  readonly loss: Loss;
}

async function openRotten(layers: Layers, path: string, block = 2): Promise<Rotten> {
  const { disk, engine } = await openLayers(layers);
  await rot(disk, path, (await blocksOf(disk, path))[block]!.at + HEADER);
  return { disk, engine, loss: await engine.lossOf(path) };
}

/** Reads each key one by one: what is there is right, or it is refused. Returns how many were refused. */
function expectRightOrRefused(store: StoreReads, contents: ReadonlyMap<string, string>): number {
  let refused = 0;
  for (const [key, value] of contents) {
    try {
      expect(valueAt(store, key)).toBe(value);
    } catch (error) {
      expect(error).toMatchObject({ code: 'CORRUPTION' });
      refused++;
    }
  }
  return refused;
}

describe('while damage is cut out', () => {
  it('snapshots and iterators of before read what they did, or say that it is damaged', async () => {
    const layers = await layeredStore();
    for (const path of [layers.run, layers.values]) {
      const { disk, engine, loss } = await openRotten(layers, path);
      const snapshot = engine.snapshot();
      const iterator = engine.iterator();
      const before = expectRightOrRefused(snapshot, layers.contents);
      expect(before).toBeGreaterThan(0);
      await engine.cutOut(loss);
      expect(await disk.exists(path)).toBe(true);
      expect(expectRightOrRefused(snapshot, layers.contents)).toBe(before);
      const found = new Map<string, string>();
      const reading = (async () => {
        for await (const { key, value } of iterator) found.set(text(key), text(value as Uint8Array));
      })();
      await expect(reading).rejects.toMatchObject({ code: 'CORRUPTION', file: path });
      expect([...found].every(([key, value]) => layers.contents.get(key) === value)).toBe(true);
      iterator.close();
      snapshot.release();
      await engine.settled();
      expect(await disk.exists(path)).toBe(false);
      await expectContents(engine, contentsWithout(layers, loss.ranges));
      await engine.close();
    }
  });

  it('what is written after the loss was found stays, also what is flushed meanwhile', async () => {
    const layers = await layeredStore();
    const { engine, loss } = await openRotten(layers, layers.run);
    const lost = [...layers.middle.keys()].filter((key) => coversKey(loss.ranges, bytes(key)));
    expect(lost.length).toBeGreaterThan(2);
    const [first, second, third] = lost as [string, string, string];
    await engine.put(bytes(first), bytes('flushed'));
    await engine.flush();
    const cutting = engine.cutOut(loss);
    await Promise.all([engine.put(bytes(second), bytes('meanwhile')), engine.flush()]);
    await cutting;
    await engine.put(bytes(third), bytes('afterwards'));
    const contents = contentsWithout(layers, loss.ranges);
    contents.set(first, 'flushed').set(second, 'meanwhile').set(third, 'afterwards');
    await expectContents(engine, contents);
    await engine.compact();
    await expectContents(engine, contents);
    await engine.close();
  });

  it('compactions wait, and those that the damage made fail go on afterwards', async () => {
    const layers = await layeredStore();
    const { engine, loss } = await openRotten(layers, layers.run);
    await expect(engine.compact()).rejects.toMatchObject({ file: layers.run });
    expect(engine.stats().compactionFailure).toMatchObject({ code: 'CORRUPTION', file: layers.run });
    const runs: number[] = [];
    const done = Promise.all([
      engine.cutOut(loss).then(() => runs.push(engine.stats().runs)),
      engine.compact().then(() => runs.push(engine.stats().runs)),
    ]);
    await done;
    expect(runs.at(-1)).toBe(1);
    expect(engine.stats().compactionFailure).toBeUndefined();
    await expectContents(engine, contentsWithout(layers, loss.ranges));
    await engine.close();
  });

  it('closing ends it, and nothing has changed', async () => {
    const layers = await layeredStore();
    const clock = new ManualClock();
    const { disk, engine } = await openLayers(layers, { clock, jobs: LASTING });
    await rot(disk, layers.run, (await blocksOf(disk, layers.run))[2]!.at + HEADER);
    const finding = codeOf(() => engine.lossOf(layers.run, { bytesPerSecond: 1 }));
    await isSettled(finding);
    expect(clock.sleeping).toBe(1);
    const loss = await engine.lossOf(layers.run, { bytesPerSecond: 0 });
    const cutting = codeOf(() => engine.cutOut(loss));
    await engine.close();
    expect(await finding).toBe('CLOSED');
    expect(await cutting).toBe('CLOSED');
    expect(await disk.exists(layers.run)).toBe(true);
    expect(await codeOf(() => engine.lossOf(layers.run))).toBe('CLOSED');
    expect(await codeOf(() => engine.cutOut(loss))).toBe('CLOSED');
  });
});

describe('cutting out is refused', () => {
  it('where the run was compacted away, which changes nothing', async () => {
    const layers = await layeredStore();
    const { disk, engine, loss } = await openRotten(layers, layers.values);
    expect(loss.ranges).toHaveLength(1);
    // A merge reads no values: the damaged one goes on, in another run.
    await engine.compactRange(bytes('key00'), undefined);
    const files = await disk.list('');
    await expect(engine.cutOut(loss)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining(layers.values) as string,
    });
    expect(await disk.list('')).toEqual(files);
    expect(engine.stats().compactionFailure).toBeUndefined();
    const again = await engine.lossOf(layers.values);
    expect(again.ranges).toEqual(loss.ranges);
    await engine.cutOut(again);
    await expectContents(engine, contentsWithout(layers, again.ranges));
    expect((await engine.verify()).damage).toEqual([]);
    await engine.close();
  });

  it('where there is damage beside the loss, which changes nothing', async () => {
    const layers = await layeredStore();
    for (const [path, beside] of [
      [layers.run, 4],
      [layers.values, 5],
    ] as const) {
      const { disk, engine, loss } = await openRotten(layers, path);
      const place = (await blocksOf(layers.disk, path))[beside]!;
      await rot(disk, path, place.at + HEADER);
      const files = await disk.list('');
      await expect(engine.cutOut(loss)).rejects.toMatchObject({ code: 'CORRUPTION', file: path, offset: place.at });
      expect(await disk.list('')).toEqual(files);
      expect(engine.stats()).toMatchObject({ state: 'open', compactionFailure: { file: path } });
      const wider = await engine.lossOf(path);
      expect(wider.ranges).toHaveLength(2);
      await engine.cutOut(wider);
      await expectContents(engine, contentsWithout(layers, wider.ranges));
      expect(engine.stats().compactionFailure).toBeUndefined();
      await engine.close();
    }
  });

  it('of a store that is opened for reading, which still tells the loss', async () => {
    const layers = await layeredStore();
    const { disk, engine } = await openLayers(layers, {}, { readOnly: true });
    await rot(disk, layers.run, (await blocksOf(disk, layers.run))[2]!.at + HEADER);
    const loss = await engine.lossOf(layers.run);
    expect(loss.ranges).toHaveLength(1);
    expect(await codeOf(() => engine.cutOut(loss))).toBe('READ_ONLY');
    await engine.close();
  });

  it('of files that hold no keys to cut out, and does nothing where nothing is damaged', async () => {
    const layers = await layeredStore();
    const { disk, engine } = await openLayers(layers);
    const [segment = ''] = await filesOf(disk, '.log');
    for (const file of ['manifest.db', segment, 'LOCK', '']) {
      await expect(engine.lossOf(file)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    expect(await codeOf(() => engine.lossOf(layers.run, { bytesPerSecond: -1 }))).toBe('INVALID_ARGUMENT');
    const files = await disk.list('');
    for (const file of [layers.run, layers.values, '0000009999.run', '0000009999.values']) {
      const loss = await engine.lossOf(file);
      expect(loss).toEqual({ file, ranges: [], runs: [] });
      await engine.cutOut(loss);
    }
    expect(await disk.list('')).toEqual(files);
    await engine.close();
  });
});

describe('a crash while damage is cut out', () => {
  it.each(['run', 'values'] as const)('of the %s leaves the damaged run or the new one', async (which) => {
    const layers = await layeredStore();
    const path = layers[which];
    const outcomes = { before: 0, after: 0 };
    for (let call = 1, last = false; !last; call++) {
      const { disk, engine, loss } = await openRotten(layers, path);
      const after = contentsWithout(layers, loss.ranges);
      let calls = 0;
      let found: CrashableFileSystem | undefined;
      disk.observe(() => {
        if (++calls === call) found = disk.afterPowerLoss(seededRandom(call));
        return undefined;
      });
      await engine.cutOut(loss);
      disk.observe(undefined);
      await engine.close();
      last = found === undefined;
      const again = await openOn(found ?? disk, CARE_OPTIONS);
      const damaged = (await again.verify()).damage.map(({ file }) => file);
      if (damaged.length > 0) {
        outcomes.before++;
        expect(damaged).toEqual([path]);
        expect(expectRightOrRefused(again, layers.contents)).toBeGreaterThan(0);
        // What was begun is taken up where it was.
        const anew = await again.lossOf(path);
        expect(anew.ranges).toEqual(loss.ranges);
        await again.cutOut(anew);
      } else outcomes.after++;
      expect(sameContents(contentsOf(again), after)).toBe(true);
      const { runs, valueFiles } = again.stats();
      await again.settled();
      expect(await filesOf(found ?? disk, '.run')).toHaveLength(runs);
      expect(await filesOf(found ?? disk, '.values')).toHaveLength(valueFiles);
      await again.close();
    }
    expect(outcomes.before).toBeGreaterThan(5);
    expect(outcomes.after).toBeGreaterThan(1);
  });

  it('or a failing call leaves the damaged run, and it can be done again', async () => {
    const layers = await layeredStore();
    let failed = 0;
    for (let call = 1, last = false; !last; call++) {
      const { disk, engine, loss } = await openRotten(layers, layers.values);
      let calls = 0;
      disk.observe(({ operation, path }) => {
        if (!/\.(run|values)$/.test(path) || !['create', 'write', 'sync'].includes(operation)) return undefined;
        if (++calls === call) throw Object.assign(new Error('no room'), { code: 'DISK_FULL' });
        return undefined;
      });
      last = (await codeOf(() => engine.cutOut(loss))) === undefined;
      disk.observe(undefined);
      if (!last) {
        failed++;
        expect(await disk.exists(layers.values)).toBe(true);
        await engine.cutOut(loss);
      }
      await expectContents(engine, contentsWithout(layers, loss.ranges));
      await engine.close();
    }
    expect(failed).toBeGreaterThan(4);
  });
});
