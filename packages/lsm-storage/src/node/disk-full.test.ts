/** A disk that is really full: the kernel says ENOSPC, wherever that happens to be. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { soak } from '../testing/soak.ts';
import { runScript } from './testing/child-process.ts';
import { whyNoSmallDisk, withSmallDisk } from './testing/small-disk.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const SCRIPT = join(import.meta.dirname, 'testing/full-disk-process.ts');
const DISK_BYTES = 24 * 1024 * 1024;
const ROUNDS = soak.times(1);

describe.skipIf(whyNoSmallDisk !== undefined)(`a disk of 24 MiB ${whyNoSmallDisk ?? ''}`.trim(), () => {
  it('when full: writes fail with DISK_FULL, reads go on, writes resume by themselves', {
    timeout: soak.timeout,
  }, async () => {
    const seed = soak.drawn.seed ?? Math.floor(Math.random() * 2 ** 31);
    await using directory = await temporaryDirectory();
    const disk = join(directory.path, 'disk');
    await mkdir(disk);
    const through = withSmallDisk(disk, DISK_BYTES);
    const outcome = await runScript(SCRIPT, [disk, directory.path, seed, ROUNDS], { through, timeout: soak.timeout });
    const scenes = ['the log', 'a flush', 'a compaction', 'an opening'];
    expect([outcome.code, outcome.lines], `seed ${seed}`).toEqual([
      0,
      Array.from({ length: ROUNDS }, () => scenes).flat(),
    ]);
  });
});
