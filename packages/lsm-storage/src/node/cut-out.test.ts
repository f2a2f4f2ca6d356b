/** Damage on a real disk is cut out by a worker thread. */

import { open, readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CARE_OPTIONS, writeRound } from '../testing/care.ts';
import { bytes, contentsOf } from '../testing/store.ts';
import { coversKey } from '../core/key-ranges.ts';
import { openStorage } from './open-storage.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

/** Changes one bit, seen by those too who have the file open. */
async function rot(path: string, at: number): Promise<void> {
  const [byte = 0] = (await readFile(path)).subarray(at);
  const file = await open(path, 'r+');
  await file.write(Uint8Array.of(byte ^ 4), 0, 1, at);
  await file.sync();
  await file.close();
}

describe('cutting damage out on a disk', { timeout: 60_000 }, () => {
  it('goes on worker threads, and says there too what it met beside the loss', async () => {
    await using directory = await temporaryDirectory();
    const contents = new Map<string, string>();
    const engine = await openStorage(directory.path, CARE_OPTIONS);
    for (let round = 0; round < 3; round++) {
      await writeRound(engine, round, contents);
      await engine.flush();
    }
    const names = (await readdir(directory.path)).sort();
    const [oldest = '', run = ''] = names.filter((name) => name.endsWith('.run'));
    const [, values = ''] = names.filter((name) => name.endsWith('.values'));
    const lost = [];
    // A byte of the first block of the run, and one of the last value.
    const { size: valueBytes } = await stat(join(directory.path, values));
    for (const [file, at] of [
      [run, 40],
      [values, valueBytes - 40],
    ] as const) {
      await rot(join(directory.path, file), at);
      const loss = await engine.lossOf(file);
      expect(loss.ranges).toHaveLength(1);
      await engine.cutOut(structuredClone(loss));
      lost.push(...loss.ranges);
    }
    for (const key of [...contents.keys()]) {
      // The newest round has its keys from 40 on; what it holds is newer than the damage.
      if (key < 'key0040' && lost.some((range) => coversKey([range], bytes(key)))) contents.delete(key);
    }
    expect(contentsOf(engine)).toEqual(contents);

    await rot(join(directory.path, oldest), 40);
    const loss = await engine.lossOf(oldest);
    const { size } = await stat(join(directory.path, oldest));
    await rot(join(directory.path, oldest), size >>> 1);
    await expect(engine.cutOut(loss)).rejects.toMatchObject({ code: 'CORRUPTION', file: oldest });
    expect(engine.stats().compactionFailure).toMatchObject({ code: 'CORRUPTION', file: oldest });
    const wider = await engine.lossOf(oldest);
    expect(wider.ranges.length).toBeGreaterThan(0);
    await engine.cutOut(wider);
    await engine.compact();
    expect((await engine.verify()).damage).toEqual([]);
    const left = contentsOf(engine);
    for (const [key, value] of contents) {
      if (key >= 'key0020' || !coversKey(wider.ranges, bytes(key))) expect(left.get(key)).toBe(value);
    }
    await engine.close();

    const again = await openStorage(directory.path, CARE_OPTIONS);
    expect(contentsOf(again)).toEqual(left);
    await again.close();
  });
});
