/**
 * A small disk of its own for a process: a tmpfs in a mount namespace that nobody else sees, and that is gone with the
 * process however it ends.
 */

import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';

/** As root, or as whoever may have a user namespace. */
const NAMESPACES: readonly (readonly string[])[] = [
  ['unshare', '--mount'],
  ['unshare', '--user', '--map-root-user', '--mount'],
];

function within(namespace: readonly string[], directory: string, bytes: number): string[] {
  const script = 'mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@"';
  return [...namespace, 'sh', '-c', script, 'sh', String(bytes), directory];
}

const [usable] = NAMESPACES.filter(([command = '', ...args]) => {
  return spawnSync(command, within(args, '/tmp', 1024 * 1024).concat('true')).status === 0;
});

/** Why no such disk can be had here; `undefined`: it can. */
export const whyNoSmallDisk: string | undefined =
  usable === undefined ? 'needs unshare and the right to mount a tmpfs' : undefined;

/** What starts a command with a disk of so many bytes on a directory: to be put before the command. */
export function withSmallDisk(directory: string, bytes: number): string[] {
  if (usable === undefined) throw new Error(`a small disk ${whyNoSmallDisk}`);
  return within(usable, directory, bytes);
}

const CHUNK = new Uint8Array(16 * 1024);

/** A file that takes up what is left of a disk. */
export class Ballast {
  readonly #path: string;
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Grows by so many bytes, or until the disk is full. */
  grow(most = Infinity): void {
    const descriptor = openSync(this.#path, 'a');
    try {
      for (let left = most; left > 0; left -= CHUNK.length) this.#bytes += writeSync(descriptor, CHUNK);
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOSPC') throw error;
    } finally {
      closeSync(descriptor);
    }
  }

  /** Grows until only so many bytes are left. */
  leave(bytes: number): void {
    this.grow();
    const descriptor = openSync(this.#path, 'r+');
    ftruncateSync(descriptor, Math.max(0, this.#bytes - bytes));
    closeSync(descriptor);
  }

  /** Makes space of all of it. */
  remove(): void {
    rmSync(this.#path);
    this.#bytes = 0;
  }
}
