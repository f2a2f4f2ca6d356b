/** An open file of Node: positional reads and writes on one descriptor. */

import { readSync } from 'node:fs';
import { StorageError } from '../core/errors.ts';
import type { StorageFile } from '../core/index.ts';
import type { FileCalls } from './file-calls.ts';
import { fileError } from './file-errors.ts';
import { SMALL_WRITE_BYTES, writeSmall } from './small-write.ts';

/** Buffers handed to one call: the kernel takes at most 1024 (IOV_MAX). */
const BUFFERS_PER_WRITE = 512;

export class NodeFile implements StorageFile {
  readonly path: string;
  readonly #descriptor: number;
  readonly #writable: boolean;
  readonly #calls: FileCalls;
  #closed = false;

  constructor(path: string, descriptor: number, writable: boolean, calls: FileCalls) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#writable = writable;
    this.#calls = calls;
  }

  async size(): Promise<number> {
    return this.#call('asking the size of', () => this.#calls.size(this.#descriptor));
  }

  async read(position: number, length: number, memory?: Uint8Array): Promise<Uint8Array> {
    return this.#call('reading', async () => {
      const bytes = memory?.subarray(0, length) ?? unwritten(length);
      let filled = 0;
      while (filled < length) {
        const count = await this.#calls.read(this.#descriptor, bytes, filled, position + filled);
        if (count === 0) break;
        filled += count;
      }
      return filled === length ? bytes : bytes.subarray(0, filled);
    });
  }

  readSync(position: number, length: number, memory?: Uint8Array): Uint8Array {
    this.#assertOpen();
    try {
      const bytes = memory?.subarray(0, length) ?? unwritten(length);
      let filled = 0;
      while (filled < length) {
        const count = readSync(this.#descriptor, bytes, filled, length - filled, position + filled);
        if (count === 0) break;
        filled += count;
      }
      return filled === length ? bytes : bytes.subarray(0, filled);
    } catch (cause) {
      throw fileError(cause, `reading ${this.path}`);
    }
  }

  /** Small writes are done when this returns; their promise still settles a turn later, as that of any other. */
  async write(position: number, chunks: readonly Uint8Array[]): Promise<void> {
    this.#assertWritable();
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.length;
    try {
      if (bytes > SMALL_WRITE_BYTES) return await this.#writeLarge(position, chunks);
      writeSmall(this.#descriptor, chunks, position);
    } catch (cause) {
      throw fileError(cause, `writing ${this.path}`);
    }
    if (!this.#calls.blocking) await nextTurn();
  }

  async truncate(size: number): Promise<void> {
    this.#assertWritable();
    await this.#call('truncating', () => this.#calls.truncate(this.#descriptor, size));
  }

  async sync(): Promise<void> {
    await this.#call('syncing', () => this.#calls.syncData(this.#descriptor));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#calls.close(this.#descriptor);
    } catch (cause) {
      throw fileError(cause, `closing ${this.path}`);
    }
  }

  async #writeLarge(position: number, chunks: readonly Uint8Array[]): Promise<void> {
    let at = position;
    for (let start = 0; start < chunks.length; start += BUFFERS_PER_WRITE) {
      at = await this.#writeAll(at, chunks.slice(start, start + BUFFERS_PER_WRITE));
    }
  }

  /** The kernel may write less than it was asked to; the rest follows. Returns the position behind the last byte. */
  async #writeAll(position: number, chunks: Uint8Array[]): Promise<number> {
    let at = position;
    let left = chunks.filter((chunk) => chunk.length > 0);
    while (left.length > 0) {
      const written = await this.#calls.write(this.#descriptor, left, at);
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

/** Memory of its own, not zeroed: what is not filled is never shown. */
function unwritten(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
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
