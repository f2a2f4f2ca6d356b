/** Sequential reading in large steps: small reads that follow one another are served from one window of the file. */

import type { StorageFile } from './ports/file-system.ts';

const WINDOW_BYTES = 512 * 1024;

export class ReadAhead {
  readonly #file: StorageFile;
  readonly #fileBytes: number;
  readonly #windowBytes: number;
  #window: Uint8Array = new Uint8Array(0);
  #start = 0;

  constructor(file: StorageFile, fileBytes: number, windowBytes: number = WINDOW_BYTES) {
    this.#file = file;
    this.#fileBytes = fileBytes;
    this.#windowBytes = windowBytes;
  }

  /** A view that stays valid; shorter than asked for only at the end of the file. */
  async read(position: number, length: number): Promise<Uint8Array> {
    const end = Math.min(position + length, this.#fileBytes);
    if (position < this.#start || end > this.#start + this.#window.length) {
      const bytes = Math.min(Math.max(length, this.#windowBytes), Math.max(0, this.#fileBytes - position));
      this.#window = await this.#file.read(position, bytes);
      this.#start = position;
    }
    const from = position - this.#start;
    return this.#window.subarray(from, Math.max(from, end - this.#start));
  }
}
