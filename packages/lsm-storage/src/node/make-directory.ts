/**
 * Makes a directory that a power loss does not take back: every new name on its path is synced into its parent. It goes
 * step by step, since Node's own recursive `mkdir` never returns where the system says that a name does not exist though
 * its parent does, as under `/proc`.
 */

import { mkdir, open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileError } from './file-errors.ts';

export async function makeDirectory(path: string): Promise<void> {
  try {
    await makeStep(resolve(path));
  } catch (cause) {
    throw fileError(cause, `making the directory ${path}`);
  }
}

async function makeStep(path: string): Promise<void> {
  if (await isDirectory(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeStep(parent);
  try {
    await mkdir(path);
  } catch (error) {
    // Somebody else may have made it at the same moment.
    if (!(await isDirectory(path))) throw error;
  }
  await syncDirectory(parent);
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
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
