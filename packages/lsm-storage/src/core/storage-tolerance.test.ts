/** What fails without putting anything at risk must not end the writing. */

import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import { bytes, contentsOf, openOn } from '../testing/store.ts';
import { wrapFileSystem } from '../testing/wrapped-file-system.ts';
import { StorageError } from './errors.ts';
import type { FileSystem } from './ports/file-system.ts';
import type { StorageEngine } from './storage-engine.ts';

const failed = (): never => {
  throw new StorageError('IO_ERROR', 'EIO: i/o error');
};

async function fill(engine: StorageEngine): Promise<void> {
  for (let i = 0; i < 30; i++) await engine.put(bytes(`k${i}`), bytes(`value ${i}`));
}

function segmentsOf(disk: CrashableFileSystem): Promise<string[]> {
  return disk.list('').then((names) => names.filter((name) => name.endsWith('.log')));
}

describe('an engine', () => {
  it('flushes what is in memory when its log cannot be read', async () => {
    const disk = new CrashableFileSystem();
    const unreadable = (inner: FileSystem): FileSystem => {
      return wrapFileSystem(inner, ({ path }) => (path.endsWith('.log') ? { read: async () => failed() } : {}));
    };
    const engine = await openOn(disk, {}, { wrapFileSystem: unreadable });
    await fill(engine);
    await engine.flush();
    expect(engine.stats()).toMatchObject({ state: 'open', runEntries: 30 });
    await engine.put(bytes('more'), bytes('v'));
    await engine.close();
    const again = await openOn(disk);
    expect(contentsOf(again).size).toBe(31);
    await again.close();
  });

  it('goes on with a segment that cannot be removed, and removes it when it can', async () => {
    const disk = new CrashableFileSystem();
    let stuck = true;
    const sticky = (inner: FileSystem): FileSystem => {
      return wrapFileSystem(inner, () => ({}), { remove: async (path) => (stuck ? failed() : inner.remove(path)) });
    };
    const engine = await openOn(disk, {}, { wrapFileSystem: sticky });
    for (let round = 0; round < 2; round++) {
      await fill(engine);
      await engine.flush();
    }
    await engine.put(bytes('more'), bytes('v'));
    expect(engine.stats()).toMatchObject({ state: 'open', runs: 2, segments: 3 });
    expect(await segmentsOf(disk)).toHaveLength(3);
    stuck = false;
    await engine.flush();
    expect(await segmentsOf(disk)).toHaveLength(1);
    await engine.close();
  });
});
