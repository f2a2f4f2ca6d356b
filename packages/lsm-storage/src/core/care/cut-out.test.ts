import { describe, expect, it } from 'vitest';
import { CARE_OPTIONS, blocksOf, filesOf, filledStore, rot } from '../../testing/care.ts';
import { contentsOf, valueAt } from '../../testing/store.ts';
import { coversKey } from '../key-ranges.ts';
import { bytes } from '../../testing/store.ts';

describe('cutting damage out', () => {
  it.each(['.run', '.values'])('of a %s', async (suffix) => {
    const { disk, engine, contents } = await filledStore(CARE_OPTIONS);
    for (const path of await filesOf(disk, suffix)) {
      const block = (await blocksOf(disk, path)).at(2)!;
      await rot(disk, path, block.at + block.bytes - 1);
      const loss = await engine.lossOf(path);
      expect(loss.ranges.length).toBe(1);
      await engine.cutOut(loss);
      expect((await engine.verify()).damage).toEqual([]);
      for (const key of contents.keys())
        if (coversKey(loss.ranges, bytes(key)) && valueAt(engine, key) === undefined) contents.delete(key);
      expect(contentsOf(engine)).toEqual(contents);
    }
    await engine.compact();
    expect(contentsOf(engine)).toEqual(contents);
    await engine.close();
  });
});
