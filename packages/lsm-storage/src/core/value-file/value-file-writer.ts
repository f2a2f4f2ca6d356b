/** Writes a value file: values one behind the other, each in a block of its own, in the order they are added. */

import { BlockFileWriter } from '../block-file/block-file-writer.ts';
import type { Codec } from '../ports/codec.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { ValueFileDescription } from '../ports/manifest.ts';
import type { PackedValue, ValuePointer } from '../versioned-entry.ts';
import { valueFile } from './value-file.ts';

export class ValueFileWriter {
  readonly #number: number;
  readonly #file: BlockFileWriter;
  #values = 0;

  /** The file is created once there is something to write. */
  constructor(fileSystem: FileSystem, codec: Codec, number: number) {
    this.#number = number;
    this.#file = new BlockFileWriter(fileSystem, valueFile(number), codec);
  }

  /** Bytes of the file so far. */
  get bytes(): number {
    return this.#values === 0 ? 0 : this.#file.position;
  }

  /** Whether `drain` has something to do. */
  get full(): boolean {
    return this.#file.full;
  }

  /** Adds a value, compressed if that is worthwhile. */
  append(value: Uint8Array): ValuePointer {
    this.#values++;
    return { file: this.#number, ...this.#file.append('value', value), rawLength: value.length };
  }

  /** Adds a value that was compressed before. */
  appendPacked({ stored, codec, rawLength }: PackedValue): ValuePointer {
    this.#values++;
    return { file: this.#number, ...this.#file.appendStored('value', { bytes: stored, codec }, rawLength), rawLength };
  }

  /** Adds a checked block of another value file as it is stored there, unread. */
  appendMoved(block: Uint8Array, rawLength: number): ValuePointer {
    this.#values++;
    return { file: this.#number, ...this.#file.appendMoved('value', block), rawLength };
  }

  /** Writes out what has gathered once it is worth a write. Nothing may be appended before it resolves. */
  async drain(): Promise<void> {
    await this.#file.drain();
  }

  /** Makes the file durable, but not its name; `undefined`, and no file, if there are no values. */
  async finish(): Promise<ValueFileDescription | undefined> {
    if (this.#values === 0) return undefined;
    const { bytes, footerChecksum } = await this.#file.finish([this.#values]);
    return { number: this.#number, bytes, values: this.#values, footerChecksum };
  }

  /** Removes the file, if it was created. */
  async abandon(): Promise<void> {
    await this.#file.abandon();
  }
}
