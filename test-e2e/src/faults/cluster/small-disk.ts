/**
 * A small disk for the processes that run one member after another: a tmpfs in a mount namespace that nobody else sees.
 * A process that does nothing else keeps it, so that it outlives a killed member, and is gone with this process.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';

interface Namespace {
  /** Makes one and runs a command in it. */
  readonly make: readonly string[];
  /** Runs a command in that of a process. */
  readonly enter: readonly string[];
}

/** As root, or as whoever may have a user namespace. */
const namespaces: readonly Namespace[] = [
  { make: ['unshare', '--mount'], enter: ['nsenter', '--mount'] },
  {
    make: ['unshare', '--user', '--map-root-user', '--mount'],
    enter: ['nsenter', '--user', '--preserve-credentials', '--mount'],
  },
];

const mount = 'mount -t tmpfs -o size="$1" none "$2" && echo mounted && exec cat';

const usable = namespaces.find(({ make: [command = '', ...args] }) => {
  const mounted = spawnSync(command, [...args, 'sh', '-c', mount, 'sh', '1048576', '/tmp'], { input: '' });
  return mounted.status === 0 && spawnSync('nsenter', ['--version']).status === 0;
});

/** Why no such disk can be had here; `undefined`: it can. */
export const whyNoSmallDisk: string | undefined =
  usable === undefined ? 'needs unshare, nsenter and the right to mount a tmpfs' : undefined;

const chunk = new Uint8Array(1024 * 1024);
const smallestChunkBytes = 4096;

export class SmallDisk implements AsyncDisposable {
  /** What starts a process that sees the disk: to be put before its command. */
  readonly through: readonly string[];
  /** The disk as seen from here. */
  readonly #directory: string;
  readonly #holder: ChildProcess;

  private constructor(namespace: Namespace, holder: ChildProcess, directory: string) {
    this.through = [...namespace.enter, '--target', String(holder.pid), '--'];
    this.#directory = join(`/proc/${holder.pid}/root`, directory);
    this.#holder = holder;
  }

  /** @param directory where it is mounted, for the processes that see it; made if it does not exist */
  static async mount(directory: string, bytes: number): Promise<SmallDisk> {
    if (usable === undefined) throw new Error(`a small disk ${whyNoSmallDisk}`);
    await mkdir(directory, { recursive: true });
    const [command = '', ...args] = [...usable.make, 'sh', '-c', mount, 'sh', String(bytes), directory];
    const holder = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const said: unknown[] = await Promise.race([once(holder.stdout, 'data'), once(holder, 'close')]);
    if (String(said[0]).trim() !== 'mounted') throw new Error(`could not mount a disk at ${directory}`);
    return new SmallDisk(usable, holder, directory);
  }

  /** Takes up what is left, to the last block. */
  async fill(): Promise<void> {
    const ballast = await open(this.#ballast, 'a');
    try {
      for (let size = chunk.length; size >= smallestChunkBytes; size /= 2) {
        while (await fits(ballast.write(chunk, 0, size)));
      }
    } finally {
      await ballast.close();
    }
  }

  /** Gives free what `fill` took. */
  async free(): Promise<void> {
    await rm(this.#ballast, { force: true });
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#directory);
    return bavail * bsize;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#holder, 'close');
    this.#holder.stdin?.end();
    await gone;
  }

  get #ballast(): string {
    return join(this.#directory, 'ballast');
  }
}

async function fits(writing: Promise<{ bytesWritten: number }>): Promise<boolean> {
  try {
    await writing;
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}
