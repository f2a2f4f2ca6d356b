/** Stores with something of everything in them, for tests of verification, checkpoints and repair. */

import { CrashableFileSystem } from '../contract/index.ts';
import { BlockFile } from '../core/block-file/block-file.ts';
import { BlockWalk } from '../core/block-file/block-walk.ts';
import { noCodec, repair } from '../core/index.ts';
import type { RepairReport, StorageEngine, StorageOptions } from '../core/index.ts';
import { runFile } from '../core/sorted-run/run-footer.ts';
import { valueFile } from '../core/value-file/value-file.ts';
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

/** As `damage`, seen by those too who have the file open. */
export async function rot(disk: CrashableFileSystem, path: string, at: number): Promise<void> {
  const file = await disk.open(path, 'modify');
  await file.write(at, [Uint8Array.of((disk.contents(path)[at] as number) ^ 1)]);
  await file.sync();
  await file.close();
}

/** Where the blocks of a run or a value file lie; the length is with their headers. */
export async function blocksOf(disk: CrashableFileSystem, path: string): Promise<{ at: number; bytes: number }[]> {
  const number = Number.parseInt(path, 10);
  const file = await BlockFile.open(disk.clone(), path.endsWith('.run') ? runFile(number) : valueFile(number));
  const walk = new BlockWalk(file);
  const blocks: { at: number; bytes: number }[] = [];
  for (let found = await walk.next(); found !== undefined; found = await walk.next()) {
    blocks.push({ at: found.pointer.position, bytes: found.block.length });
  }
  await file.close();
  return blocks;
}

export async function filesOf(disk: CrashableFileSystem, suffix: string, directory = ''): Promise<string[]> {
  const names = await disk.list(directory);
  return names
    .filter((name) => name.endsWith(suffix))
    .map((name) => (directory === '' ? name : `${directory}/${name}`));
}
