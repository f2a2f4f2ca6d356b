/**
 * The operating system's file calls, in two ways: through the thread pool, so that the calling thread goes on
 * meanwhile, or on the calling thread itself, for threads that have nothing else to do and should leave the pool to
 * those that have.
 */

import * as fs from 'node:fs';
import * as promises from 'node:fs/promises';
import { promisify } from 'node:util';

export interface FileCalls {
  /** Whether a call comes back only when it is done. */
  readonly blocking: boolean;
  open(path: string, flags: string): Promise<number>;
  close(descriptor: number): Promise<void>;
  size(descriptor: number): Promise<number>;
  truncate(descriptor: number, size: number): Promise<void>;
  /** With the bytes alone, and the size where it changed (fdatasync). */
  syncData(descriptor: number): Promise<void>;
  sync(descriptor: number): Promise<void>;
  /** Fills `bytes` from `offset` on, as far as one call does; returns how many bytes that was. */
  read(descriptor: number, bytes: Uint8Array, offset: number, position: number): Promise<number>;
  /** Writes as much as one call does; returns how many bytes that was. */
  write(descriptor: number, chunks: readonly Uint8Array[], position: number): Promise<number>;
  list(path: string): Promise<string[]>;
  createDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  link(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  removeDirectory(path: string): Promise<void>;
  /** Fails unless there is something under the path. */
  access(path: string): Promise<void>;
}

const statDescriptor = promisify(fs.fstat);

export const pooledCalls: FileCalls = {
  blocking: false,
  open: promisify(fs.open),
  close: promisify(fs.close),
  size: async (descriptor) => (await statDescriptor(descriptor)).size,
  truncate: promisify(fs.ftruncate),
  syncData: promisify(fs.fdatasync),
  sync: promisify(fs.fsync),
  read: (descriptor, bytes, offset, position) =>
    new Promise((resolve, reject) => {
      const length = bytes.length - offset;
      fs.read(descriptor, bytes, offset, length, position, (error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    }),
  write: (descriptor, chunks, position) =>
    new Promise((resolve, reject) => {
      fs.writev(descriptor, chunks, position, (error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    }),
  list: (path) => promises.readdir(path),
  createDirectory: async (path) => void (await promises.mkdir(path, { recursive: true })),
  rename: promises.rename,
  link: promises.link,
  remove: promises.unlink,
  removeDirectory: (path) => promises.rmdir(path),
  access: promises.access,
};

export const blockingCalls: FileCalls = {
  blocking: true,
  open: async (path, flags) => fs.openSync(path, flags),
  close: async (descriptor) => fs.closeSync(descriptor),
  size: async (descriptor) => fs.fstatSync(descriptor).size,
  truncate: async (descriptor, size) => fs.ftruncateSync(descriptor, size),
  syncData: async (descriptor) => fs.fdatasyncSync(descriptor),
  sync: async (descriptor) => fs.fsyncSync(descriptor),
  read: async (descriptor, bytes, offset, position) =>
    fs.readSync(descriptor, bytes, offset, bytes.length - offset, position),
  write: async (descriptor, chunks, position) => fs.writevSync(descriptor, chunks, position),
  list: async (path) => fs.readdirSync(path),
  createDirectory: async (path) => void fs.mkdirSync(path, { recursive: true }),
  rename: async (from, to) => fs.renameSync(from, to),
  link: async (from, to) => fs.linkSync(from, to),
  remove: async (path) => fs.unlinkSync(path),
  removeDirectory: async (path) => fs.rmdirSync(path),
  access: async (path) => fs.accessSync(path),
};
