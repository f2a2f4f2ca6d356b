import { describe, expect, it } from 'vitest';
import type { Durability, FileSystem } from '../core/index.ts';
import { CrashEnumeration } from '../testing/crash-enumeration.ts';
import { soak } from '../testing/soak.ts';
import { wrapFileSystem } from '../testing/wrapped-file-system.ts';

/** A file system on which the syncs that the test picks are not done, though they are said to be. */
function withoutSync(fileSystem: FileSystem, skips: (path: string) => boolean): FileSystem {
  return wrapFileSystem(fileSystem, (file) => ({ sync: async () => (skips(file.path) ? undefined : file.sync()) }), {
    syncDirectory: async (path) => (skips('directory') ? undefined : fileSystem.syncDirectory(path)),
  });
}

/** All calls and subsets when it is on, a part of them when not. */
const thorough = soak.on ? { every: 1, subsets: 16 } : { every: 7, subsets: 4 };
/** Where more is unsynced at a time there are more disks to a call. */
const sparser = soak.on ? thorough : { every: 29, subsets: 4 };

describe('power loss at every call', { timeout: soak.timeout }, () => {
  it('leaves whole groups in their order, everything acknowledged, and no file too many', async () => {
    const enumeration = new CrashEnumeration({ seed: 1, operations: 500, ...thorough });
    const { calls, disks, stats, violations } = await enumeration.run();
    expect(violations).toEqual([]);
    expect(calls).toBeGreaterThan(1000);
    expect(disks).toBeGreaterThan((calls / thorough.every) * (2 + thorough.subsets));
    expect(stats.flushes).toBeGreaterThan(20);
    expect(stats.compactions).toBeGreaterThan(10);
    expect(stats.valueFiles).toBeGreaterThan(0);
  });

  it.each(['periodic', 'none'] as const)(
    'with %s leaves groups without a gap, up to the last sync or flush at least',
    async (durability) => {
      const enumeration = new CrashEnumeration({ seed: 3, operations: 500, ...sparser, options: { durability } });
      const { calls, disks, stats, violations } = await enumeration.run();
      expect(violations).toEqual([]);
      expect(calls).toBeGreaterThan(700);
      expect(disks).toBeGreaterThan((calls / sparser.every) * (2 + sparser.subsets));
      expect(stats.flushes).toBeGreaterThan(20);
      expect(stats.compactions).toBeGreaterThan(10);
    },
  );

  // The search itself is put to the test: each sync left out must be found.
  it.each<[string, (path: string) => boolean, Durability?]>([
    ['the log, between segments,', (path) => path.endsWith('.log'), 'none'],
    ['the log, now and then,', (path) => path.endsWith('.log'), 'periodic'],
    ['sorted runs, and of no group,', (path) => path.endsWith('.run'), 'none'],
    ['the log', (path) => path.endsWith('.log')],
    ['sorted runs', (path) => path.endsWith('.run')],
    ['value files', (path) => path.endsWith('.values')],
    ['the manifest', (path) => path.startsWith('manifest')],
    ['the directory', (path) => path === 'directory'],
  ])('finds that the syncs of %s are left out', async (_, skips, durability = 'group') => {
    const wrap = (fileSystem: FileSystem): FileSystem => withoutSync(fileSystem, skips);
    const enumeration = new CrashEnumeration({
      seed: 2,
      operations: 40,
      every: 3,
      subsets: 1,
      options: { durability },
      wrap,
    });
    const { violations } = await enumeration.run();
    expect(violations.length).toBeGreaterThan(0);
  });
});
