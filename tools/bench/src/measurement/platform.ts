/** The machine, the versions, and the bare ceiling of the platform: what no engine above it can beat. */
import { closeSync, fdatasyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { median } from './median.ts';
import { describeFileSystem, type FileSystemFacts } from './file-system.ts';

export interface Platform {
  readonly node: string;
  readonly system: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly folder: string;
  readonly fileSystem: FileSystemFacts;
  readonly ceiling: Ceiling;
}

export interface Ceiling {
  /** Median of appending 4 KiB and `fdatasync`. */
  readonly fdatasyncMs: number;
  /** Sequential write of 64 MiB in pieces of 1 MiB, then one `fdatasync`. */
  readonly writeMBs: number;
  /** Median of `readSync` of 16 KiB at random places that are in the page cache. */
  readonly read16kUs: number;
}

export function describePlatform(folder: string): Platform {
  const [first] = cpus();
  return {
    node: process.versions.node,
    system: `${process.platform} ${process.arch}`,
    cpu: first?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    folder,
    fileSystem: describeFileSystem(folder),
    ceiling: measureCeiling(folder),
  };
}

const syncs = 50;
const reads = 2000;
const pieces = 64;
const piece = 1024 * 1024;

function measureCeiling(folder: string): Ceiling {
  const path = join(folder, 'ceiling');
  const file = openSync(path, 'w+');
  try {
    const bytes = Buffer.alloc(piece, 'ceiling of the platform');
    const writing = timeMs(() => {
      for (let index = 0; index < pieces; index++) writeSync(file, bytes, 0, piece, index * piece);
      fdatasyncSync(file);
    });
    const syncMs = repeat(syncs, (index) => {
      writeSync(file, bytes, 0, 4096, pieces * piece + index * 4096);
      fdatasyncSync(file);
    });
    const readMs = repeat(reads, (index) => {
      readSync(file, bytes, 0, 16_384, ((index * 7919) % (pieces * 64)) * 16_384);
    });
    return { fdatasyncMs: syncMs, writeMBs: (pieces * piece) / 1e3 / writing, read16kUs: readMs * 1000 };
  } finally {
    closeSync(file);
    rmSync(path);
  }
}

function repeat(times: number, work: (index: number) => void): number {
  return median(Array.from({ length: times }, (_, index) => timeMs(() => work(index)))) ?? 0;
}

function timeMs(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}
