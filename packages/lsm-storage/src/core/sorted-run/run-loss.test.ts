import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../../contract/index.ts';
import { blocksOf, rot } from '../../testing/care.ts';
import { openRun } from '../../testing/runs.ts';
import type { OpenRun } from '../../testing/runs.ts';
import { bytes, codeOf, text } from '../../testing/store.ts';
import { CorruptionError, StorageError } from '../errors.ts';
import { runFileName } from '../file-names.ts';
import type { RunLoss } from '../jobs/job.ts';
import { coversKey } from '../key-ranges.ts';

const PATH = runFileName(1);
const HEADER = 8;
const KEYS: readonly string[] = Array.from({ length: 14_000 }, (_, i) => `key${String(i).padStart(6, '0')}`);
const noPause = (): Promise<void> => Promise.resolve();

/** A run whose index has several pages, of which these cannot be read. */
async function openLong(unread: readonly number[]): Promise<OpenRun & { disk: CrashableFileSystem }> {
  const disk = new CrashableFileSystem();
  const opened = await openRun(disk, { entries: KEYS.map((key) => [key, `value of ${key}`]) });
  const { manifest } = opened;
  const page = manifest.page.bind(manifest);
  manifest.page = (run, which) => {
    if (unread.includes(which)) throw new CorruptionError('manifest.db', 0, 'a page does not match its checksum');
    return page(run, which);
  };
  return { ...opened, disk };
}

function lostKeys(loss: RunLoss | undefined): string[] {
  return KEYS.filter((key) => coversKey(loss!.ranges, bytes(key)));
}

describe('the loss of a run', { timeout: 60_000 }, () => {
  it('is nothing where nothing is damaged', async () => {
    const { run } = await openLong([]);
    expect(await run.loss(noPause)).toBeUndefined();
    await run.close();
  });

  it('of pages of the index alone is no key: the blocks say what is in them', async () => {
    for (const unread of [[0], [1], [0, 1], [2], [0, 1, 2]]) {
      const { run, added } = await openLong(unread);
      expect(added.pages).toHaveLength(3);
      expect(await run.loss(noPause)).toEqual({ run: 1, ranges: [], gaps: [], valueFiles: [] });
      await run.close();
    }
  });

  it('of pages and of blocks is what lies behind the first such block, up to the next page that can be read', async () => {
    for (const unread of [[0], [1], [0, 1], [2], [1, 2]]) {
      const { run, added, disk } = await openLong(unread);
      const blocks = await blocksOf(disk, PATH);
      const firstKeys = [...added.pages.map(({ firstKey }) => text(firstKey)), '~'];
      const begin = firstKeys[unread[0]!]!;
      const end = firstKeys[unread.at(-1)! + 1]!;
      const inside = KEYS.filter((key) => key >= begin && key < end);
      const block = Math.floor((blocks.length * (KEYS.indexOf(inside[0]!) + inside.length / 2)) / KEYS.length);
      await rot(disk, PATH, blocks[block]!.at + HEADER);
      const loss = await run.loss(noPause);
      expect(loss?.gaps).toHaveLength(1);
      expect(loss?.gaps[0]?.from).toBe(blocks[block]!.at);
      const lost = lostKeys(loss);
      expect(lost.length).toBeGreaterThan(0);
      expect(lost.length).toBeLessThan(inside.length);
      expect(lost).toEqual(inside.slice(-lost.length));
      await run.close();
    }
  });

  it('of the blocks on both sides of a bound between pages is one range', async () => {
    const { run, added, disk } = await openLong([]);
    const bound = text(added.pages[1]!.firstKey);
    const blocks = await blocksOf(disk, PATH);
    const perBlock = KEYS.length / blocks.length;
    const near = Math.floor(KEYS.findIndex((key) => key >= bound) / perBlock);
    for (let number = near - 3; number < near + 4; number++) await rot(disk, PATH, blocks[number]!.at + HEADER);
    const loss = await run.loss(noPause);
    expect(loss?.ranges).toHaveLength(1);
    expect(loss?.gaps).toHaveLength(7);
    const lost = lostKeys(loss);
    expect(lost.some((key) => key < bound) && lost.some((key) => key >= bound)).toBe(true);
    expect(lost.length).toBeLessThan(9 * perBlock);
    await run.close();
  });

  it('is not guessed where something else went wrong', async () => {
    const { run, manifest } = await openLong([]);
    manifest.page = () => {
      throw new StorageError('UNSUPPORTED_FORMAT', 'of another version');
    };
    expect(await codeOf(() => run.loss(noPause))).toBe('UNSUPPORTED_FORMAT');
    await run.close();
  });
});
