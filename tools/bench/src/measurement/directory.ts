/** What a directory holds on disk, and bringing it into the page cache. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes allocated to all files below: what a preallocated or sparse file really takes. */
export function allocatedBytes(directory: string): number {
  return listFiles(directory).reduce((total, file) => total + statSync(file).blocks * 512, 0);
}

/** Reads every file once, so that later reads find it in the page cache. */
export function warmPageCache(directory: string): void {
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  for (const file of listFiles(directory)) {
    const descriptor = openSync(file, 'r');
    while (readSync(descriptor, buffer) > 0);
    closeSync(descriptor);
  }
}

/** Paths of the files below a directory. */
export function listFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
