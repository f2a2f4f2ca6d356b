/** What the engine takes from outside. */

import type { StorageClock } from './ports/clock.ts';
import type { Codec } from './ports/codec.ts';
import type { FileSystem } from './ports/file-system.ts';
import type { Jobs } from './ports/jobs.ts';
import type { Manifest } from './ports/manifest.ts';

export interface StoragePorts {
  /** Its root is the engine's directory, in which nothing else may be. */
  readonly fileSystem: FileSystem;
  /** The engine closes it, also when opening fails. */
  readonly manifest: Manifest;
  readonly jobs: Jobs;
  readonly codec: Codec;
  readonly clock: StorageClock;
}
