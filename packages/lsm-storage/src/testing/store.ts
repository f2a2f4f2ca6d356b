/** Stores on simulated disks, for tests: the real engine, the real SQL, a disk that can lose power, a clock by hand. */

import type { CrashableFileSystem } from '../contract/index.ts';
import { StorageEngine, inlineJobs, noCodec } from '../core/index.ts';
import type { Codec, FileSystem, Jobs, Manifest, StorageClock, StorageOptions, StoreReads } from '../core/index.ts';
import { openManifestImage } from '../node/index.ts';
import { ManualClock } from './manual-clock.ts';

export { isSettled, turns } from './turns.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const bytes = (text: string): Uint8Array => encoder.encode(text);
export const text = (value: Uint8Array): string => decoder.decode(value);

export interface StoreOverrides {
  readonly codec?: Codec;
  /** Default: one of the store's own. */
  readonly clock?: StorageClock;
  readonly jobs?: Jobs;
  readonly wrapFileSystem?: (fileSystem: FileSystem) => FileSystem;
  readonly wrapManifest?: (manifest: Manifest) => Manifest;
}

export async function openOn(
  disk: CrashableFileSystem,
  options: StorageOptions = {},
  overrides: StoreOverrides = {},
): Promise<StorageEngine> {
  const fileSystem = overrides.wrapFileSystem?.(disk) ?? disk;
  const manifest = await openManifestImage(fileSystem);
  return StorageEngine.open(
    {
      fileSystem,
      manifest: overrides.wrapManifest?.(manifest) ?? manifest,
      jobs: overrides.jobs ?? inlineJobs,
      codec: overrides.codec ?? noCodec,
      clock: overrides.clock ?? new ManualClock(),
    },
    options,
  );
}

/** Everything in the store, by key. */
export function contentsOf(store: StoreReads): Map<string, string> {
  const contents = new Map<string, string>();
  for (const { key, value } of store.scan()) contents.set(text(key), text(value as Uint8Array));
  return contents;
}

export function sameContents(left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): boolean {
  return left.size === right.size && [...left].every(([key, value]) => right.get(key) === value);
}

/** The value of a key as text. */
export function valueAt(store: StoreReads, key: string): string | undefined {
  const value = store.getSync(bytes(key));
  return value === undefined ? undefined : text(value);
}

/** The code of the error that something fails with; `undefined` if it does not fail. */
export async function codeOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}
