/** Makes a directory that a power loss does not take back: every new name on its path is synced into its parent. */

import { mkdir, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileError } from './file-errors.ts';

export async function makeDirectory(path: string): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true });
    if (first === undefined) return;
    const topmost = dirname(resolve(first));
    for (let parent = dirname(resolve(path)); ; parent = dirname(parent)) {
      await syncDirectory(parent);
      if (parent === topmost) return;
    }
  } catch (cause) {
    throw fileError(cause, `making the directory ${path}`);
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
