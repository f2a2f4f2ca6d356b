/** An open file of Node: positional reads and writes on one descriptor. */

import { close, fdatasync, fstat, ftruncate, read, readSync, writev } from 'node:fs';
import { promisify } from 'node:util';
import { StorageError } from '../core/index.ts';
import type { StorageFile } from '../core/index.ts';
import { fileError } from './file-errors.ts';

/** Buffers handed to one call: the kernel takes at most 1024 (IOV_MAX). */
const BUFFERS_PER_WRITE = 512;

const closeDescriptor = promisify(close);
const syncDescriptor = promisify(fdatasync);
const statDescriptor = promisify(fstat);
const truncateDescriptor = promisify(ftruncate);

export class NodeFile implements StorageFile {
  readonly path: string;
  readonly #descriptor: number;
  readonly #writable: boolean;
  #closed = false;

  constructor(path: string, descriptor: number, writable: boolean) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#writable = writable;
  }

  async size(): Promise<number> {
    return this.#call('asking the size of', async () => (await statDescriptor(this.#descriptor)).size);
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    return this.#call('reading', async () => {
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const count = await readSome(this.#descriptor, bytes, filled, position + filled);
        if (count === 0) break;
        filled += count;
      }
      return bytes.subarray(0, filled);
    });
  }

  readSync(position: number, length: number): Uint8Array {
    this.#assertOpen();
    try {
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const count = readSync(this.#descriptor, bytes, filled, length - filled, position + filled);
        if (count === 0) break;
        filled += count;
      }
      return bytes.subarray(0, filled);
    } catch (cause) {
      throw fileError(cause, `reading ${this.path}`);
    }
  }

  async write(position: number, chunks: readonly Uint8Array[]): Promise<void> {
    this.#assertWritable();
    await this.#call('writing', async () => {
      let at = position;
      for (let start = 0; start < chunks.length; start += BUFFERS_PER_WRITE) {
        at = await this.#writeAll(at, chunks.slice(start, start + BUFFERS_PER_WRITE));
      }
    });
  }

  async truncate(size: number): Promise<void> {
    this.#assertWritable();
    await this.#call('truncating', () => truncateDescriptor(this.#descriptor, size));
  }

  async sync(): Promise<void> {
    await this.#call('syncing', () => syncDescriptor(this.#descriptor));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await closeDescriptor(this.#descriptor);
    } catch (cause) {
      throw fileError(cause, `closing ${this.path}`);
    }
  }

  /** The kernel may write less than it was asked to; the rest follows. Returns the position behind the last byte. */
  async #writeAll(position: number, chunks: Uint8Array[]): Promise<number> {
    let at = position;
    let left = chunks.filter((chunk) => chunk.length > 0);
    while (left.length > 0) {
      const written = await writeSome(this.#descriptor, left, at);
      if (written === 0) throw new Error('nothing could be written');
      at += written;
      left = behind(left, written);
    }
    return at;
  }

  async #call<T>(doing: string, work: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    try {
      return await work();
    } catch (cause) {
      throw fileError(cause, `${doing} ${this.path}`);
    }
  }

  /** A closed descriptor's number may already belong to another file. */
  #assertOpen(): void {
    if (this.#closed) throw new StorageError('IO_ERROR', `${this.path} was closed`);
  }

  #assertWritable(): void {
    this.#assertOpen();
    if (!this.#writable) throw new StorageError('IO_ERROR', `${this.path} was opened for reading only`);
  }
}

function readSome(descriptor: number, bytes: Uint8Array, offset: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(descriptor, bytes, offset, bytes.length - offset, position, (error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}

function writeSome(descriptor: number, chunks: Uint8Array[], position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(descriptor, chunks, position, (error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}

/** What is left of chunks when their first bytes are gone. */
function behind(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let gone = bytes;
  const left: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (gone < chunk.length) left.push(chunk.subarray(gone));
    gone = Math.max(0, gone - chunk.length);
  }
  return left;
}
