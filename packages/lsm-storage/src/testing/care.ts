/** Stores with something of everything in them, for tests of verification, checkpoints and repair. */

import { CrashableFileSystem } from '../contract/index.ts';
import { noCodec, repair } from '../core/index.ts';
import type { RepairReport, StorageEngine, StorageOptions } from '../core/index.ts';
import { openManifestImage } from '../node/index.ts';
import { bytes, openOn } from './store.ts';

/** Nothing is flushed or merged by itself; values of 200 bytes or more are kept apart. */
export const CARE_OPTIONS: StorageOptions = {
  memtableBytes: 1 << 20,
  blockBytes: 128,
  separateBytes: 200,
  scaling: 8,
  garbageRatio: 0.95,
};

/** Of keys that end with 0 the value is kept apart. */
export function valueOfKey(key: string, round: number): string {
  return `${key} in round ${round} `.repeat(key.endsWith('0') ? 20 : 1);
}

/** Writes 40 keys of which each round has its own 20, and the 20 of the round before. */
export async function writeRound(engine: StorageEngine, round: number, contents: Map<string, string>): Promise<void> {
  const writes: Promise<void>[] = [];
  for (let i = 20 * round; i < 20 * round + 40; i++) {
    const key = `key${String(i).padStart(4, '0')}`;
    const value = valueOfKey(key, round);
    contents.set(key, value);
    writes.push(engine.put(bytes(key), bytes(value)));
  }
  const gone = `key${String(20 * round + 7).padStart(4, '0')}`;
  contents.delete(gone);
  writes.push(engine.delete(bytes(gone)));
  await Promise.all(writes);
}

export interface FilledStore {
  readonly disk: CrashableFileSystem;
  readonly engine: StorageEngine;
  readonly contents: Map<string, string>;
}

/** Three runs with a value file each, and a round in the log alone. */
export async function filledStore(options: StorageOptions = CARE_OPTIONS): Promise<FilledStore> {
  const disk = new CrashableFileSystem();
  const engine = await openOn(disk, options);
  const contents = new Map<string, string>();
  for (let round = 0; round < 3; round++) {
    await writeRound(engine, round, contents);
    await engine.flush();
  }
  await writeRound(engine, 3, contents);
  return { disk, engine, contents };
}

/** A filled store that was closed. */
export async function closedStore(): Promise<Omit<FilledStore, 'engine'>> {
  const { disk, engine, contents } = await filledStore();
  await engine.close();
  return { disk, contents };
}

export function repairOn(disk: CrashableFileSystem): Promise<RepairReport> {
  const openManifest = (path: string): ReturnType<typeof openManifestImage> => openManifestImage(disk, path);
  return repair({ fileSystem: disk, codec: noCodec, openManifest });
}

/** Changes one byte in the middle of a file. */
export function damage(disk: CrashableFileSystem, path: string, at?: number): void {
  const contents = disk.contents(path);
  const position = at ?? contents.length >>> 1;
  contents[position] = (contents[position] as number) ^ 1;
  disk.place(path, contents);
}

export async function filesOf(disk: CrashableFileSystem, suffix: string, directory = ''): Promise<string[]> {
  const names = await disk.list(directory);
  return names
    .filter((name) => name.endsWith(suffix))
    .map((name) => (directory === '' ? name : `${directory}/${name}`));
}
