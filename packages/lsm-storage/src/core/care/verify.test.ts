import { describe, expect, it } from 'vitest';
import type { CrashableFileSystem } from '../../contract/index.ts';
import { CARE_OPTIONS, closedStore, damage, filesOf, filledStore } from '../../testing/care.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { codeOf, contentsOf, isSettled, openOn } from '../../testing/store.ts';
import { wrapFileSystem } from '../../testing/wrapped-file-system.ts';
import { StorageError } from '../errors.ts';
import type { VerifyReport } from './verify.ts';

async function verified(disk: CrashableFileSystem): Promise<VerifyReport> {
  const engine = await openOn(disk, CARE_OPTIONS);
  const report = await engine.verify();
  await engine.close();
  return report;
}

describe('verify', () => {
  it('reads every byte of the runs, the value files and the log that is not written any more', async () => {
    const { disk } = await closedStore();
    const read = new Map<string, number>();
    const engine = await openOn(disk, CARE_OPTIONS);
    disk.observe(({ operation, path, bytes = 0 }) => {
      if (operation === 'read') read.set(path, (read.get(path) ?? 0) + bytes);
      return undefined;
    });
    const report = await engine.verify();
    disk.observe(undefined);
    await engine.close();
    const files = [...(await filesOf(disk, '.run')), ...(await filesOf(disk, '.values'))];
    expect(report).toMatchObject({ runs: 3, valueFiles: 3, segments: 2, damage: [] });
    for (const file of files) {
      // All but header and footer, which were read when it was opened.
      expect(read.get(file), file).toBeGreaterThanOrEqual(disk.contents(file).length - 24 - 80);
    }
    const logs = await filesOf(disk, '.log');
    const sizes = [...files, ...logs].map((file) => disk.contents(file).length);
    expect(report.bytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
  });

  it('finds any byte that changed in a block, and goes on behind it', async () => {
    const { disk } = await closedStore();
    const files = [...(await filesOf(disk, '.run')), ...(await filesOf(disk, '.values'))];
    for (const file of files) {
      for (let at = 30; at < disk.contents(file).length - 120; at += 97) {
        const harmed = disk.clone();
        damage(harmed, file, at);
        const report = await verified(harmed);
        expect(
          report.damage.map((each) => each.file),
          `${file} at ${at}`,
        ).toEqual([file]);
        expect(report).toMatchObject({ runs: 3, valueFiles: 3 });
      }
    }
    for (const file of files) damage(disk, file);
    expect((await verified(disk)).damage.map((each) => each.file).sort()).toEqual([...files].sort());
  });

  it('finds damage of the log under a store that is open', async () => {
    const { disk, engine } = await filledStore();
    const [oldest] = await filesOf(disk, '.log');
    expect(await engine.verify()).toMatchObject({ segments: 1, damage: [] });
    await engine.close();
    const again = await openOn(disk, CARE_OPTIONS);
    const newest = (await filesOf(disk, '.log')).at(-1)!;
    expect(newest).not.toBe(oldest);
    damage(disk, newest);
    expect((await again.verify()).damage).toMatchObject([{ file: newest }]);
    await again.close();
  });

  it('takes a file that cannot be read for a damaged one', async () => {
    const { disk } = await closedStore();
    const [unreadable] = await filesOf(disk, '.run');
    let broken = false;
    const engine = await openOn(disk, CARE_OPTIONS, {
      wrapFileSystem: (fileSystem) =>
        wrapFileSystem(fileSystem, (file) => ({
          read: async (position, length, memory) => {
            if (broken && file.path === unreadable) throw new StorageError('IO_ERROR', 'a bad sector');
            return file.read(position, length, memory);
          },
        })),
    });
    broken = true;
    const { damage: found } = await engine.verify();
    expect(found).toMatchObject([{ file: unreadable, cause: { message: 'a bad sector' } }]);
    await engine.close();
  });

  it('verifies the state as of the call, while the store is written, merged and read', async () => {
    const { engine, contents } = await filledStore();
    const verifying = engine.verify();
    await engine.compact();
    expect(contentsOf(engine)).toEqual(contents);
    expect(await verifying).toMatchObject({ runs: 3, valueFiles: 3, damage: [] });
    expect(await engine.verify()).toMatchObject({ runs: 1, damage: [] });
    await engine.close();
  });

  it('ends with the store', async () => {
    const { engine } = await filledStore();
    const verifying = codeOf(() => engine.verify());
    await engine.close();
    expect(await verifying).toBe('CLOSED');
    expect(await codeOf(() => engine.verify())).toBe('CLOSED');
  });

  it('keeps to its rate, which the time of the work counts towards', async () => {
    const { disk } = await closedStore();
    let time = 1_000_000;
    const clock = {
      now: () => time,
      pause: async (milliseconds: number) => {
        time += milliseconds;
      },
    };
    const engine = await openOn(disk, CARE_OPTIONS, { clock });
    for (const msPerRead of [0, 20]) {
      disk.observe(({ operation }) => {
        if (operation === 'read') time += msPerRead;
        return undefined;
      });
      const start = time;
      const { bytes } = await engine.verify({ bytesPerSecond: 20_000 });
      expect(time - start).toBeGreaterThan((bytes * 1000) / 20_000 - 300);
      expect(time - start).toBeLessThan((bytes * 1000) / 20_000 + 100);
    }
    disk.observe(undefined);
    const start = time;
    await engine.verify({ bytesPerSecond: 0 });
    await engine.verify();
    expect(time).toBe(start);
    expect(await codeOf(() => engine.verify({ bytesPerSecond: -1 }))).toBe('INVALID_ARGUMENT');
    await engine.close();
  });

  it('does not hold up closing while it pauses', async () => {
    const { disk } = await closedStore();
    for (const work of ['verify', 'checkpoint'] as const) {
      const clock = new ManualClock();
      const engine = await openOn(disk, CARE_OPTIONS, { clock });
      const slow = { bytesPerSecond: 1 };
      const working = codeOf(() => (work === 'verify' ? engine.verify(slow) : engine.checkpoint('name', slow)));
      await isSettled(working);
      expect(clock.sleeping).toBe(1);
      await engine.close();
      expect(await working).toBe('CLOSED');
    }
  });
});
