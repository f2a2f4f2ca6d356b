/**
 * Makes a folder and those above it, step by step. Node's own recursive `mkdir` never returns where the system says
 * that a name does not exist though its parent does, as under `/proc`: it goes up and down between the two for ever.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { StartError } from '../start-error.ts';

/**
 * Does nothing where the folder exists.
 * @throws StartError FOLDER_UNAVAILABLE that says which folder could not be made, and why
 */
export function makeFolder(path: string): void {
  makeStep(resolve(path));
}

function makeStep(path: string): void {
  if (isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeStep(parent);
  try {
    mkdirSync(path);
  } catch (cause) {
    // Somebody else may have made it at the same moment.
    if (isFolder(path)) return;
    const reason = `cannot make the folder ${path}: ${reasonOf(cause as NodeJS.ErrnoException, parent)}`;
    throw new StartError('FOLDER_UNAVAILABLE', reason, { cause });
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException, parent: string): string {
  if (code === 'EEXIST') return 'something that is no folder has that name';
  if (code === 'ENOENT') return `${parent} takes no folders`;
  return message;
}
