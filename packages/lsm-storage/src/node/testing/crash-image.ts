/** What a killed process would leave of a store: a copy of its files as the kernel has them now. */

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

/** A job that ends at this moment may take a file away while it is copied; while this thread waits, no other begins. */
const ATTEMPTS = 3;

/** By another process: if this one closed a file of SQLite's, it would lose SQLite's locks on it. */
export function takeCrashImage(store: string, image: string): void {
  let said = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    rmSync(image, { recursive: true, force: true });
    const copied = spawnSync('cp', ['-r', store, image], { env: { ...process.env, LD_PRELOAD: '' } });
    if (copied.status === 0) return;
    said = copied.stderr.toString();
  }
  throw new Error(`${store} could not be copied: ${said}`);
}
