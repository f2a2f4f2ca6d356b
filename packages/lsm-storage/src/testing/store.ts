/** Stores on simulated disks, for tests: the real engine, the real SQL, a disk that can lose power. */

import type { CrashableFileSystem } from '../contract/index.ts';
import { StorageEngine, inlineJobs, noCodec } from '../core/index.ts';
import type { Codec, FileSystem, Manifest, StorageOptions } from '../core/index.ts';
import { openManifestImage } from '../node/index.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const bytes = (text: string): Uint8Array => encoder.encode(text);
export const text = (value: Uint8Array): string => decoder.decode(value);

export interface StoreOverrides {
  readonly codec?: Codec;
  readonly wrapFileSystem?: (fileSystem: FileSystem) => FileSystem;
  readonly wrapManifest?: (manifest: Manifest) => Manifest;
}

export async function openOn(
  disk: CrashableFileSystem,
  options: StorageOptions = {},
  overrides: StoreOverrides = {},
): Promise<StorageEngine> {
  const manifest = await openManifestImage(disk);
  return StorageEngine.open(
    {
      fileSystem: overrides.wrapFileSystem?.(disk) ?? disk,
      manifest: overrides.wrapManifest?.(manifest) ?? manifest,
      jobs: inlineJobs,
      codec: overrides.codec ?? noCodec,
    },
    options,
  );
}

/** Everything in the store, by key. */
export function contentsOf(engine: StorageEngine): Map<string, string> {
  const contents = new Map<string, string>();
  for (const entry of engine.scan()) contents.set(text(entry.key), text(entry.value));
  return contents;
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

/** Lets everything that is ready run, without waiting for time to pass. */
export async function turns(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}

/** Whether a promise has settled once everything that is ready has run. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = (): void => void (settled = true);
  promise.then(note, note);
  await turns();
  return settled;
}
