/** Which file system a folder is on and how much room it has: figures mean nothing without it. */
import { readFileSync, realpathSync, statfsSync } from 'node:fs';

export interface FileSystemFacts {
  /** As the kernel calls it (`ext4`), or its magic number where the kernel keeps no list of mounts. */
  readonly type: string;
  readonly freeBytes: number;
  /** Its files are in memory: a sync costs nothing there and proves nothing. */
  readonly inMemory: boolean;
}

/** tmpfs and ramfs, as `statfs` names them. */
const memoryMagic: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

export function describeFileSystem(folder: string): FileSystemFacts {
  const { type, bavail, bsize } = statfsSync(folder);
  return {
    type: mountType(realpathSync(folder), readMounts()) ?? `0x${type.toString(16)}`,
    freeBytes: bavail * bsize,
    inMemory: memoryMagic.has(type),
  };
}

/** The type of the mount that a path lies in: of all mount points above it the longest, of equal ones the last. */
export function mountType(path: string, mounts: string): string | undefined {
  let found: { readonly point: string; readonly type: string } | undefined;
  for (const line of mounts.split('\n')) {
    const [, escaped, type] = line.split(' ');
    if (escaped === undefined || type === undefined) continue;
    const point = escaped.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
    const isAbove = point === '/' || path === point || path.startsWith(`${point}/`);
    if (isAbove && point.length >= (found?.point.length ?? 0)) found = { point, type };
  }
  return found?.type;
}

function readMounts(): string {
  try {
    return readFileSync('/proc/self/mounts', 'utf8');
  } catch {
    return '';
  }
}
