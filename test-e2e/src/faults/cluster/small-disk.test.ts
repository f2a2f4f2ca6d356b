import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { makeTemporaryFolder } from '../../temporary-folder.ts';
import { SmallDisk, whyNoSmallDisk } from './small-disk.ts';

const run = promisify(execFile);
const bytes = 4 * 1024 * 1024;

it.skipIf(whyNoSmallDisk !== undefined)(
  `a small disk keeps what a process wrote for the next one, is full, and has room again ${whyNoSmallDisk ?? ''}`.trim(),
  async () => {
    await using folder = await makeTemporaryFolder();
    const place = join(folder.path, 'disk');
    await using disk = await SmallDisk.mount(place, bytes);
    const [enter = '', ...through] = disk.through;
    const shell = (script: string) => run(enter, [...through, 'sh', '-c', script]);
    await shell(`echo kept > ${place}/file`);
    expect((await shell(`cat ${place}/file`)).stdout).toBe('kept\n');
    expect(existsSync(join(place, 'file'))).toBe(false);
    await disk.fill();
    expect(await disk.freeBytes()).toBe(0);
    await expect(shell(`head -c 100000 /dev/zero > ${place}/more`)).rejects.toThrow(/No space left/);
    await disk.free();
    await shell(`head -c 100000 /dev/zero > ${place}/more`);
    expect(await disk.freeBytes()).toBeGreaterThan(bytes / 2);
  },
);
