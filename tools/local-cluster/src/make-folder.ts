/**
 * Makes a folder and those above it, step by step. Node's own recursive `mkdir` never returns where the system says
 * that a name does not exist though its parent does, as under `/proc`: it goes up and down between the two for ever.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemErrorCode } from './errors.ts';

/**
 * Does nothing where the folder exists.
 * @param path absolute.
 * @throws Error that says in one line which folder could not be made and why; its cause has the system's code.
 */
export function makeFolder(path: string): void {
  if (isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path);
  } catch (cause) {
    // Somebody else may have made it at the same moment.
    if (isFolder(path)) return;
    throw new Error(`cannot make the folder ${path}: ${reasonOf(cause, parent)}`, { cause });
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function reasonOf(cause: unknown, parent: string): string {
  const code = systemErrorCode(cause);
  const reasons: Readonly<Record<string, string>> = {
    EEXIST: 'something that is no folder has that name',
    ENOENT: `${parent} takes no folders`,
    EACCES: `this user may not write in ${parent}`,
    EROFS: `${parent} cannot be written`,
    ENOSPC: 'the disk is full',
  };
  const reason = reasons[code ?? ''] ?? (cause instanceof Error ? cause.message : String(cause));
  return code === undefined ? reason : `${reason} (${code})`;
}
