/** What the kernel says that this process, all its threads included, has read from and written to storage. */
import { readFileSync } from 'node:fs';

/**
 * `write_bytes` of `/proc/self/io`: bytes of pages made dirty on behalf of a storage device, counted when they become
 * dirty, whether or not they have reached it yet. `undefined` where there is no such file (it is Linux's).
 */
export function readWriteBytes(): number | undefined {
  return readField('/proc/self/io', /^write_bytes: (\d+)$/m);
}

/** The highest resident set of this process since it began, in bytes (`VmHWM`). */
export function readPeakMemory(): number | undefined {
  const kibibytes = readField('/proc/self/status', /^VmHWM:\s+(\d+) kB$/m);
  return kibibytes === undefined ? undefined : kibibytes * 1024;
}

function readField(path: string, pattern: RegExp): number | undefined {
  try {
    const [, digits] = pattern.exec(readFileSync(path, 'utf8')) ?? [];
    return digits === undefined ? undefined : Number(digits);
  } catch {
    return undefined;
  }
}
