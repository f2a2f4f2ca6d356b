/** The figures that are reckoned from others: amplification, and the time for which writers were held back. */

import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { bytes, isSettled, openOn } from '../testing/store.ts';
import type { StorageEngine } from './storage-engine.ts';

const OPTIONS = { memtableBytes: 4 * 1024 * 1024, separateBytes: 1000, scaling: 8 };

async function fill(engine: StorageEngine, length: number, keys: number): Promise<void> {
  await Promise.all(Array.from({ length: keys }, (_, i) => engine.put(bytes(`key${i}`), new Uint8Array(length))));
  await engine.flush();
}

/** What the engine's files take, by their suffix. */
async function bytesOnDisk(disk: CrashableFileSystem, pattern: RegExp): Promise<number> {
  const names = (await disk.list('')).filter((name) => pattern.test(name));
  return names.reduce((sum, name) => sum + disk.contents(name).length, 0);
}

describe('write amplification', () => {
  it('is what log, flushes and compactions wrote over what was given', async () => {
    const disk = new CrashableFileSystem();
    let written = 0;
    disk.observe(({ operation, path, bytes: length }) => {
      if (operation === 'write' && !path.startsWith('manifest')) written += length!;
      return undefined;
    });
    const engine = await openOn(disk, OPTIONS);
    expect(engine.stats().writeAmplification).toBe(0);
    for (let round = 0; round < 3; round++) await fill(engine, 100, 2000);
    await engine.compact();
    const { writeAmplification, givenBytes } = engine.stats();
    expect(givenBytes).toBeGreaterThan(3 * 2000 * 100);
    expect(writeAmplification).toBeGreaterThan(2);
    expect(writeAmplification * givenBytes).toBeGreaterThan(0.99 * written);
    expect(writeAmplification * givenBytes).toBeLessThanOrEqual(written);
    await engine.close();
  });
});

describe('space amplification', () => {
  it('is 1 without runs and of one run, and rises by what replaces it until all is merged', async () => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk, OPTIONS);
    expect(engine.stats().spaceAmplification).toBe(1);
    await fill(engine, 2000, 200);
    expect(engine.stats().spaceAmplification).toBeLessThan(1.01);
    const once = await bytesOnDisk(disk, /run|values/);
    await fill(engine, 2000, 200);
    await fill(engine, 2000, 100);
    const { spaceAmplification } = engine.stats();
    expect(spaceAmplification).toBeCloseTo((await bytesOnDisk(disk, /run|values/)) / once, 1);
    expect(spaceAmplification).toBeCloseTo(2.5, 1);
    await engine.compact();
    expect(engine.stats().spaceAmplification).toBeLessThan(1.01);
    await engine.close();
  });

  it('counts values to which nothing points any more', async () => {
    const engine = await openOn(new CrashableFileSystem(), { ...OPTIONS, garbageRatio: 0.95 });
    await fill(engine, 2000, 200);
    await fill(engine, 2000, 50);
    await engine.compactRange(bytes('key'), undefined);
    const { runs, garbageBytes, spaceAmplification } = engine.stats();
    expect(runs).toBe(1);
    expect(garbageBytes).toBeGreaterThan(50 * 2000);
    expect(spaceAmplification).toBeCloseTo(1.25, 1);
    await engine.close();
  });
});

describe('stalls', () => {
  it('are told by the time for which groups were held back', async () => {
    const clock = new ManualClock();
    const options = { ...OPTIONS, memtableBytes: 4096, slowdownRuns: 1, scaling: 2, compactionBytesPerSecond: 1000 };
    const engine = await openOn(new CrashableFileSystem(), options, { clock });
    let waited = 0;
    for (let i = 0; engine.stats().slowdowns < 5 && i < 500; i++) {
      const begun = clock.now();
      const writing = engine.put(bytes(`k${i}`), new Uint8Array(200));
      if (!(await isSettled(writing))) clock.advance(1);
      await clock.until(writing);
      waited += clock.now() - begun;
    }
    const { slowdowns, stalledMs } = engine.stats();
    expect(slowdowns).toBe(5);
    expect(stalledMs).toBeGreaterThanOrEqual(5);
    expect(stalledMs).toBeLessThanOrEqual(waited);
    await clock.until(engine.settled());
    await clock.until(engine.close());
  });
});
