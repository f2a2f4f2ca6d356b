/** What a killed process would leave of a store: a copy of its files as the kernel has them now. */

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

/** By another process: if this one closed a file of SQLite's, it would lose SQLite's locks on it. */
export function takeCrashImage(store: string, image: string): void {
  rmSync(image, { recursive: true, force: true });
  const copied = spawnSync('cp', ['-r', store, image], { env: { ...process.env, LD_PRELOAD: '' } });
  if (copied.status !== 0) throw new Error(`${store} could not be copied: ${copied.stderr.toString()}`);
}
