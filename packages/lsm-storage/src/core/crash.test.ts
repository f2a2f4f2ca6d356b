import { describe, expect, it } from 'vitest';
import type { FileSystem } from '../core/index.ts';
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

  // The search itself is put to the test: each sync left out must be found.
  it.each<[string, (path: string) => boolean]>([
    ['the log', (path) => path.endsWith('.log')],
    ['sorted runs', (path) => path.endsWith('.run')],
    ['value files', (path) => path.endsWith('.values')],
    ['the manifest', (path) => path.startsWith('manifest')],
    ['the directory', (path) => path === 'directory'],
  ])('finds that the syncs of %s are left out', async (_, skips) => {
    const wrap = (fileSystem: FileSystem): FileSystem => withoutSync(fileSystem, skips);
    const enumeration = new CrashEnumeration({ seed: 2, operations: 40, every: 3, subsets: 1, wrap });
    const { violations } = await enumeration.run();
    expect(violations.length).toBeGreaterThan(0);
  });
});
