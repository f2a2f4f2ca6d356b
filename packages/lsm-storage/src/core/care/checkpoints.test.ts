import { describe, expect, it } from 'vitest';
import { CrashableFileSystem, PowerLossError, seededRandom } from '../../contract/index.ts';
import { CARE_OPTIONS, closedStore, damage, filesOf, filledStore, writeRound } from '../../testing/care.ts';
import { soak } from '../../testing/soak.ts';
import { bytes, codeOf, contentsOf, isSettled, openOn } from '../../testing/store.ts';
import { wrapFileSystem } from '../../testing/wrapped-file-system.ts';
import { StorageError } from '../errors.ts';
import type { StorageEngine } from '../storage-engine.ts';
import { Subdirectory } from './subdirectory.ts';

/** The disk fails at one call of so many. */
const EVERY = soak.on ? 1 : 3;

/** Opens a checkpoint as a store of its own. */
function openCheckpoint(disk: CrashableFileSystem, name: string): Promise<StorageEngine> {
  return openOn(disk, CARE_OPTIONS, {
    wrapFileSystem: (fileSystem) => new Subdirectory(fileSystem, `checkpoints/${name}`),
  });
}

describe('checkpoint', { timeout: soak.timeout }, () => {
  it('is a store of its own with all that was acknowledged, whatever the original does later', async () => {
    const { disk, engine, contents } = await filledStore();
    const before = new Map(contents);
    const made = await engine.checkpoint('first');
    expect(made).toMatchObject({ path: 'checkpoints/first', runs: 4, valueFiles: 4 });
    await writeRound(engine, 1, contents);
    await engine.deleteRange(bytes('key0000'), bytes('key0050'));
    await engine.compact();
    await engine.close();
    const copy = await openCheckpoint(disk, 'first');
    expect(contentsOf(copy)).toEqual(before);
    expect(copy.recovery).toMatchObject({ cleanShutdown: true, entriesReplayed: 0, orphansRemoved: 0 });
    expect(copy.stats().durableSequence).toBe(made.sequence);
    await copy.put(bytes('own'), bytes('write'));
    await copy.compact();
    await copy.close();
    const again = await openCheckpoint(disk, 'first');
    expect(contentsOf(again)).toEqual(new Map([...before, ['own', 'write']]));
    await again.close();
  });

  it('shares its files, so that it costs no space at first', async () => {
    const { disk, engine } = await filledStore();
    const writes: string[] = [];
    disk.observe(({ operation, path }) => {
      if (operation === 'write' && path.startsWith('checkpoints/')) writes.push(path);
      return undefined;
    });
    await engine.checkpoint('first');
    disk.observe(undefined);
    expect(new Set(writes.map((path) => path.replace(/\d+\.log/, 'log')))).toEqual(
      new Set(['checkpoints/first/log', 'checkpoints/first/manifest.db.new']),
    );
    await engine.close();
  });

  it('of a store in which there is nothing is one too', async () => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk);
    await engine.checkpoint('empty');
    await engine.put(bytes('k'), bytes('v'));
    await engine.close();
    const copy = await openCheckpoint(disk, 'empty');
    expect(contentsOf(copy).size).toBe(0);
    await copy.put(bytes('other'), bytes('v'));
    await copy.close();
    const again = await openCheckpoint(disk, 'empty');
    expect(contentsOf(again)).toEqual(new Map([['other', 'v']]));
    await again.close();
  });

  it('can be made while writes, flushes and compactions go on, and of a checkpoint', async () => {
    const { disk, engine, contents } = await filledStore({ ...CARE_OPTIONS, memtableBytes: 4096, scaling: 0 });
    for (let round = 4; round < 12; round++) {
      const before = new Map(contents);
      const making = engine.checkpoint(`round${round}`);
      await writeRound(engine, round, contents);
      await making;
      const copy = await openCheckpoint(disk, `round${round}`);
      const found = contentsOf(copy);
      // A round is one group, so either nothing of it was acknowledged in time for the flush, or all of it.
      expect([before, contents]).toContainEqual(found);
      expect((await copy.verify()).damage).toEqual([]);
      await copy.checkpoint('again');
      await copy.close();
      const second = await openCheckpoint(disk, `round${round}/checkpoints/again`);
      expect(contentsOf(second)).toEqual(found);
      await second.close();
    }
    await engine.close();
  });

  it('is of one moment: no edit comes while it is made', async () => {
    const { disk, contents } = await closedStore();
    let compacting: Promise<void> | undefined;
    const opened: StorageEngine[] = [];
    const link = async (from: string, to: string): Promise<void> => {
      compacting ??= opened[0]?.compact();
      expect(await isSettled(compacting as Promise<void>)).toBe(false);
      await disk.link(from, to);
    };
    const engine = await openOn(disk, CARE_OPTIONS, {
      wrapFileSystem: (fileSystem) => wrapFileSystem(fileSystem, () => ({}), { link }),
    });
    opened.push(engine);
    expect(await engine.checkpoint('first')).toMatchObject({ runs: 4 });
    await compacting;
    expect(engine.stats().runs).toBe(1);
    await engine.close();
    const copy = await openCheckpoint(disk, 'first');
    expect(contentsOf(copy)).toEqual(contents);
    await copy.close();
  });

  it('refuses a name that is taken or is none', async () => {
    const { engine } = await filledStore();
    const [first, second] = [engine.checkpoint('same'), engine.checkpoint('same')];
    await first;
    expect(await codeOf(() => second)).toBe('ALREADY_EXISTS');
    for (const name of ['', '.', '..', '../up', 'a/b', '-x', 'ä', 'x'.repeat(101)]) {
      expect(await codeOf(() => engine.checkpoint(name)), name).toBe('INVALID_ARGUMENT');
    }
    await engine.close();
    expect(await codeOf(() => engine.checkpoint('late'))).toBe('CLOSED');
  });

  it('finds damage, unless it is told not to look, and leaves nothing behind', async () => {
    const { disk } = await closedStore();
    const [run] = await filesOf(disk, '.run');
    damage(disk, run!, 100);
    const engine = await openOn(disk, CARE_OPTIONS);
    await expect(engine.checkpoint('checked')).rejects.toMatchObject({ code: 'CORRUPTION', file: run });
    expect(await disk.exists('checkpoints')).toBe(false);
    await engine.checkpoint('unchecked', { verify: false });
    expect(await codeOf(() => engine.checkpoint('checked'))).toBe('CORRUPTION');
    expect(await disk.list('checkpoints')).toEqual(['unchecked']);
    await engine.close();
  });

  it('that fails at any call leaves nothing behind, and can be made again', async () => {
    for (let failing = 1; ; failing += EVERY) {
      let calls = 0;
      const fail = (path: string): void => {
        if (path.startsWith('checkpoints') && ++calls === failing) throw new StorageError('DISK_FULL', 'no space');
      };
      const { disk, engine, contents } = await filledStore();
      disk.observe(({ operation, path, to }) => {
        if (operation !== 'remove' && operation !== 'remove-directory' && operation !== 'list') fail(to ?? path);
        return undefined;
      });
      const code = await codeOf(() => engine.checkpoint('first'));
      disk.observe(undefined);
      if (code === undefined) {
        expect(failing).toBeGreaterThan(20);
        await engine.close();
        return;
      }
      expect(code).toBe('DISK_FULL');
      expect(await disk.exists('checkpoints')).toBe(false);
      await engine.checkpoint('first');
      await engine.put(bytes('k'), bytes('v'));
      await engine.close();
      const copy = await openCheckpoint(disk, 'first');
      expect(contentsOf(copy)).toEqual(contents);
      await copy.close();
    }
  });

  it('cut short by a power loss at any call harms nothing, and can be made again', async () => {
    for (let crashAt = 1; ; crashAt += EVERY) {
      const { disk, engine, contents } = await filledStore();
      let calls = 0;
      disk.observe(({ operation }) => {
        if (operation === 'read' || operation === 'open' || operation === 'close') return undefined;
        return ++calls === crashAt ? 'power-loss' : undefined;
      });
      const made = await engine.checkpoint('first').catch((error: unknown) => error);
      if (!(made instanceof Error)) {
        expect(crashAt).toBeGreaterThan(20);
        return;
      }
      expect([made, made.cause].some((error) => error instanceof PowerLossError)).toBe(true);
      for (let seed = 0; seed < 3; seed++) {
        const found = disk.afterPowerLoss(seededRandom(seed));
        const again = await openOn(found, CARE_OPTIONS);
        expect(contentsOf(again)).toEqual(contents);
        const code = await codeOf(() => again.checkpoint('first'));
        // Its last rename may have reached the disk.
        expect([undefined, 'ALREADY_EXISTS']).toContain(code);
        await again.close();
        const copy = await openCheckpoint(found, 'first');
        expect(contentsOf(copy)).toEqual(contents);
        expect((await copy.verify()).damage).toEqual([]);
        await copy.close();
      }
    }
  });

  it('survives a power loss once it is made', async () => {
    const { disk, engine, contents } = await filledStore();
    await engine.checkpoint('first');
    await engine.compact();
    for (let seed = 0; seed < 20; seed++) {
      const copy = await openCheckpoint(disk.afterPowerLoss(seededRandom(seed)), 'first');
      expect(contentsOf(copy)).toEqual(contents);
      await copy.close();
    }
    await engine.close();
  });

  it('is given up when the store is closed', async () => {
    const { disk, engine } = await filledStore();
    const making = codeOf(() => engine.checkpoint('first'));
    await engine.close();
    expect(await making).toBe('CLOSED');
    expect(await disk.exists('checkpoints')).toBe(false);
  });

  it('is given up when the store is closed while it is verified', async () => {
    const { disk, engine } = await filledStore();
    await engine.close();
    let verifying: (() => void) | undefined;
    const reached = new Promise<void>((resolve) => (verifying = resolve));
    const second = await openOn(disk, CARE_OPTIONS, {
      wrapFileSystem: (fileSystem) =>
        wrapFileSystem(fileSystem, (file) => ({
          read: async (position, length, memory) => {
            if (file.path.startsWith('checkpoints/') && length > 100) verifying?.();
            return file.read(position, length, memory);
          },
        })),
    });
    const making = codeOf(() => second.checkpoint('first'));
    await reached;
    await second.close();
    expect(await making).toBe('CLOSED');
    expect(await disk.exists('checkpoints')).toBe(false);
  });
});
