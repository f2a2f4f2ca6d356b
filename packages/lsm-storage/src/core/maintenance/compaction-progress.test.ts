/** What is told of a compaction while it runs, and that whoever is told can do it no harm. */

import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../../contract/index.ts';
import type { DiskCall } from '../../contract/index.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { bytes, contentsOf, openOn } from '../../testing/store.ts';
import { StorageError } from '../errors.ts';
import type { StorageOptions } from '../options.ts';
import type { StorageEngine } from '../storage-engine.ts';
import type { CompactionProgress } from './compactor.ts';

const OPTIONS: StorageOptions = { memtableBytes: 8 * 1024 * 1024, separateBytes: 1000, scaling: 8 };

/** Two runs of half a megabyte each, the second of which replaces all values of the first; half are kept apart. */
async function openTwoRuns(
  options: StorageOptions,
  disk: CrashableFileSystem = new CrashableFileSystem(),
): Promise<StorageEngine> {
  const engine = await openOn(disk, { ...OPTIONS, ...options }, { clock: new ManualClock() });
  for (const fill of [1, 2]) {
    const puts = Array.from({ length: 900 }, (_, i) => {
      return engine.put(bytes(`key${i}`), new Uint8Array(i % 2 === 0 ? 900 : 1100).fill(fill));
    });
    await Promise.all(puts);
    await engine.flush();
  }
  return engine;
}

/** Fails if what was told does not go on from what was told before. */
function expectOrder(told: readonly CompactionProgress[]): void {
  let before: CompactionProgress | undefined;
  for (const progress of told) {
    const { stage, bytesRead, bytesTotal, bytesWritten } = progress;
    const follows = before?.stage === 'begun' || before?.stage === 'running';
    expect(stage !== 'begun').toBe(follows);
    expect(bytesRead).toBeLessThanOrEqual(bytesTotal);
    if (follows) {
      expect(bytesRead).toBeGreaterThanOrEqual(before!.bytesRead);
      expect(bytesWritten).toBeGreaterThanOrEqual(before!.bytesWritten);
      expect(bytesTotal).toBe(before!.bytesTotal);
    }
    before = progress;
  }
  expect(before?.stage).toMatch(/ended|failed/);
}

describe('progress of a compaction', () => {
  it('is told while it runs, in bytes of how many, and seen in the statistics', async () => {
    const told: CompactionProgress[] = [];
    const seen: unknown[] = [];
    const engine = await openTwoRuns({
      onCompaction: (progress) => {
        told.push(progress);
        seen.push(engine.stats().compactionUnderWay);
      },
    });
    const { runBytes, valueBytes } = engine.stats();
    await engine.compact();
    expectOrder(told);
    const [begun] = told;
    expect(begun).toEqual({
      stage: 'begun',
      reason: 'manual',
      inputs: 2,
      bytesRead: 0,
      bytesTotal: begun!.bytesTotal,
      bytesWritten: 0,
    });
    expect(begun!.bytesTotal).toBeGreaterThanOrEqual(runBytes);
    expect(begun!.bytesTotal).toBeLessThanOrEqual(runBytes + valueBytes);
    const running = told.filter(({ stage }) => stage === 'running');
    expect(running.length).toBeGreaterThan(2);
    expect(running.at(-1)!.bytesRead).toBeGreaterThan(0.5 * begun!.bytesTotal);
    for (const [i, progress] of told.entries()) {
      expect(seen[i]).toBe(/begun|running/.test(progress.stage) ? progress : undefined);
    }
    expect(engine.stats().compactionUnderWay).toBeUndefined();
    await engine.close();
  });

  it('says of one that failed that it did', async () => {
    const told: CompactionProgress[] = [];
    const disk = new CrashableFileSystem();
    const engine = await openTwoRuns({ onCompaction: (progress) => told.push(progress) }, disk);
    const before = contentsOf(engine);
    disk.observe(({ operation, path }: DiskCall) => {
      if (operation === 'sync' && path.endsWith('.run')) throw new StorageError('DISK_FULL', 'no space');
      return undefined;
    });
    await expect(engine.compact()).rejects.toMatchObject({ code: 'DISK_FULL' });
    expectOrder(told);
    expect(told.at(-1)!.stage).toBe('failed');
    expect(contentsOf(engine)).toEqual(before);
    disk.observe(undefined);
    await engine.compact();
    expectOrder(told);
    expect(told.at(-1)!.stage).toBe('ended');
    await engine.close();
  });

  it('does no harm to the compaction when whoever is told throws, and that is told in turn', async () => {
    for (const at of ['begun', 'running', 'ended'] as const) {
      const cause = new Error(`not at ${at}`);
      let throws = true;
      const engine = await openTwoRuns({
        onCompaction: ({ stage }) => {
          if (throws && stage === at) throw cause;
        },
      });
      const before = contentsOf(engine);
      await engine.compact();
      expect(engine.stats()).toMatchObject({
        runs: 1,
        state: 'open',
        compactionFailure: { code: 'INVALID_ARGUMENT', cause },
      });
      expect(contentsOf(engine)).toEqual(before);
      throws = false;
      await engine.put(bytes('another'), bytes('value'));
      await engine.compact();
      expect(engine.stats().compactionFailure).toBeUndefined();
      await engine.close();
    }
  });

  it('goes on, and the brake holds, where all that is read is dropped', async () => {
    const clock = new ManualClock();
    const told: CompactionProgress[] = [];
    const options = { ...OPTIONS, compactionBytesPerSecond: 1024 * 1024, onCompaction: told.push.bind(told) };
    const engine = await openOn(new CrashableFileSystem(), options, { clock });
    await Promise.all(
      Array.from({ length: 2000 }, (_, i) => engine.put(bytes(`key${i}`), new Uint8Array(900).fill(i))),
    );
    await engine.flush();
    await engine.deleteRange(bytes('key'), undefined);
    await engine.flush();
    const begun = clock.now();
    await clock.until(engine.compact());
    expect(engine.stats().runs).toBe(0);
    const running = told.filter(({ stage }) => stage === 'running');
    expect(running.length).toBeGreaterThan(2);
    expect(running.every(({ bytesWritten }) => bytesWritten < 100)).toBe(true);
    expect(clock.now() - begun).toBeGreaterThan(1000);
    await clock.until(engine.close());
  });
});
