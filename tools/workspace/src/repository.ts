/** Where the workspace is and what is in it, for the tests of its rules. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute, with a slash at its end. */
export const root: string = fileURLToPath(new URL('../../../', import.meta.url));

/** Packages whose source sees no clock, no randomness, no network and no disk. */
export const corePackages = [
  'hash-ring',
  'gossip',
  'quorum',
  'anti-entropy',
  'lsm-storage',
  'wire',
  'cluster-node',
] as const;

/** The folders of the publishable packages that exist, by name. */
export function listPackages(): string[] {
  return readdirSync(join(root, 'packages')).sort();
}

/** A core package's pure source, relative to the root: lsm-storage keeps its Node parts beside it. */
export function coreSource(name: string): string {
  return name === 'lsm-storage' ? 'packages/lsm-storage/src/core' : `packages/${name}/src`;
}

/** Every file that is in the repository or would be with the next commit, relative to the root. */
export function listFiles(): string[] {
  const output = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', '-z'],
    {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  return output.split('\0').filter((path) => path !== '');
}
