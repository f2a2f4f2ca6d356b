/** An open file on a simulated disk. */
import { type OpenMode, StorageError, type StorageFile } from '@kv/lsm-storage/core';
import type { CachedFile } from './cached-file.ts';
import type { DiskCallKind, DiskCalls } from './disk-calls.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

export class SimulatedFile implements StorageFile {
  readonly path: string;
  readonly #mode: OpenMode;
  readonly #file: CachedFile;
  readonly #disk: SimulatedDisk;
  readonly #calls: DiskCalls;
  #closed = false;

  constructor(path: string, mode: OpenMode, file: CachedFile, disk: SimulatedDisk, calls: DiskCalls) {
    this.path = path;
    this.#mode = mode;
    this.#file = file;
    this.#disk = disk;
    this.#calls = calls;
  }

  size(): Promise<number> {
    return this.#call(
      'size',
      () => undefined,
      () => this.#file.size,
    );
  }

  read(position: number, length: number, memory?: Uint8Array): Promise<Uint8Array> {
    return this.#call(
      'read',
      () => undefined,
      () => putInto(memory, this.#read(position, length)),
    );
  }

  readSync(position: number, length: number, memory?: Uint8Array): Uint8Array {
    this.#checkOpen();
    return putInto(
      memory,
      this.#calls.callSync('read', this.path, () => this.#read(position, length)),
    );
  }

  write(position: number, chunks: readonly Uint8Array[]): Promise<void> {
    const write = (): void => {
      this.#checkWritable();
      this.#file.write(position, chunks);
    };
    return this.#call('write', write, nothing, chunks);
  }

  truncate(size: number): Promise<void> {
    const truncate = (): void => {
      this.#checkWritable();
      this.#file.truncate(size);
    };
    return this.#call('truncate', truncate, nothing);
  }

  sync(): Promise<void> {
    return this.#call(
      'sync',
      () => this.#file.beginSync(),
      (snapshot) => this.#file.endSync(snapshot),
    );
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#calls.call('close', this.path, nothing, nothing);
  }

  #read(position: number, length: number): Uint8Array {
    return this.#disk.rot.read(this.path, this.#file, position, this.#file.read(position, length));
  }

  #call<Effect, Result>(
    kind: DiskCallKind,
    effect: () => Effect,
    completion: (effect: Effect) => Result,
    bytes?: readonly Uint8Array[],
  ): Promise<Result> {
    const checked = (): Effect => {
      this.#checkOpen();
      return effect();
    };
    return this.#calls.call(kind, this.path, checked, completion, bytes);
  }

  #checkOpen(): void {
    if (this.#closed) throw new StorageError('IO_ERROR', `${this.path} is closed`);
  }

  #checkWritable(): void {
    if (this.#mode === 'read') throw new StorageError('IO_ERROR', `${this.path} was opened for reading`);
  }
}

/** The bytes in `memory`, if there is one. */
function putInto(memory: Uint8Array | undefined, bytes: Uint8Array): Uint8Array {
  if (memory === undefined) return bytes;
  memory.set(bytes);
  return memory.subarray(0, bytes.length);
}

function nothing(): void {}
