/**
 * Sequential reading in large steps: small reads that follow one another, in either direction, are served from one
 * window of the file. The window begins small and doubles, so that a short walk does not pay for a long one.
 */

import type { StorageFile } from './ports/file-system.ts';

const MOST_BYTES = 512 * 1024;
const NO_BYTES: Uint8Array = new Uint8Array(0);

export interface ReadAheadOptions {
  /** Reads follow one another towards the beginning of the file; default false. */
  readonly reverse?: boolean;
  /** Size of the first window; default: as large as windows get. 0: what the first read asks for. */
  readonly firstBytes?: number;
  /** Size that windows grow to; default 512 KiB. */
  readonly mostBytes?: number;
}

export class ReadAhead {
  readonly #file: StorageFile;
  readonly #begin: number;
  readonly #end: number;
  readonly #reverse: boolean;
  readonly #mostBytes: number;
  #nextBytes: number;
  #window: Uint8Array = NO_BYTES;
  #start = 0;

  /** Reads nothing outside of `begin` to `end`. */
  constructor(file: StorageFile, begin: number, end: number, options: ReadAheadOptions = {}) {
    this.#file = file;
    this.#begin = begin;
    this.#end = end;
    this.#reverse = options.reverse ?? false;
    this.#mostBytes = options.mostBytes ?? MOST_BYTES;
    this.#nextBytes = options.firstBytes ?? this.#mostBytes;
  }

  /** A view that stays valid; shorter than asked for only where the bounds or the file end. */
  async read(position: number, length: number): Promise<Uint8Array> {
    if (!this.#holds(position, length)) {
      const bytes = this.#move(position, length);
      this.#window = await this.#file.read(this.#start, bytes);
    }
    return this.#view(position, length);
  }

  /** As `read`, without leaving the call. */
  readSync(position: number, length: number): Uint8Array {
    if (!this.#holds(position, length)) {
      const bytes = this.#move(position, length);
      this.#window = this.#file.readSync(this.#start, bytes);
    }
    return this.#view(position, length);
  }

  #holds(position: number, length: number): boolean {
    const end = Math.min(position + length, this.#end);
    return position >= this.#start && end <= this.#start + this.#window.length;
  }

  /** Chooses the next window, and returns its size. */
  #move(position: number, length: number): number {
    // A read that fails must not leave an old window in a new place.
    this.#window = NO_BYTES;
    const wanted = Math.max(length, this.#nextBytes);
    this.#nextBytes = Math.min(this.#mostBytes, 2 * wanted);
    const last = Math.min(position + length, this.#end);
    this.#start = this.#reverse ? Math.max(this.#begin, Math.min(position, last - wanted)) : position;
    return Math.max(0, (this.#reverse ? last : Math.min(position + wanted, this.#end)) - this.#start);
  }

  #view(position: number, length: number): Uint8Array {
    const from = position - this.#start;
    const end = Math.min(position + length, this.#end);
    return this.#window.subarray(from, Math.max(from, end - this.#start));
  }
}
