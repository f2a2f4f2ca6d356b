/**
 * Reads one segment of the commit log from its start and says how it ends.
 *
 * A group is written only after the group before it was synced. So a valid frame anywhere behind a broken place
 * proves that the broken bytes were once durable, which makes them damage; where there is none, they are the torn tail
 * of a write that a crash cut short. Where groups were not synced one by one, nothing is proven.
 */

import { FILE_HEADER_BYTES, checkFileHeader } from '../file-header.ts';
import { CorruptionError } from '../errors.ts';
import { segmentFileName } from '../file-names.ts';
import type { SlabPool } from '../memtable/slab-pool.ts';
import type { StorageFile } from '../ports/file-system.ts';
import { UNSYNCED_FLAG } from './commit-log.ts';
import { FRAME_HEADER_BYTES, bodyIsIntact, decodeFrameHeader } from './frame.ts';
import type { FrameHeader } from './frame.ts';

/** An intact frame; the entries lie in `bytes` from `start` to `end`. */
export interface Frame {
  readonly header: FrameHeader;
  readonly position: number;
  /** Memory that nobody else changes; consecutive frames share it. Whole memory of the pool, if there is one. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * - `complete`: every byte belongs to a valid frame, up to the seal if the last one is a seal; else zeros may follow, to
 *   which nothing was written yet. `bytes` is where the last frame ends.
 * - `broken`: from `position` to `bytes`, behind which there are only zeros, no frame can be read; `laterFrame` is where a
 *   valid one follows nevertheless, unless the segment's groups were not synced one by one.
 */
export type SegmentEnd =
  | { readonly kind: 'complete'; readonly sealed: boolean; readonly bytes: number }
  | {
      readonly kind: 'broken';
      readonly position: number;
      readonly bytes: number;
      readonly what: string;
      readonly laterFrame: number | undefined;
    };

/** Bytes read at a time. */
export const CHUNK_BYTES: number = 1024 * 1024;

/**
 * Calls `visit` for each valid frame in order. What `visit` throws ends the reading. `pool`: where the memory that is
 * read into comes from; what no frame refers to is not given back.
 */
export async function readSegment(
  file: StorageFile,
  segment: number,
  visit: (frame: Frame) => void,
  pool?: SlabPool,
): Promise<SegmentEnd> {
  return new SegmentReader(file, segment, await file.size(), visit, pool).read();
}

class SegmentReader {
  readonly #file: StorageFile;
  readonly #segment: number;
  readonly #bytes: number;
  readonly #visit: (frame: Frame) => void;
  readonly #pool: SlabPool | undefined;
  /** What was read is the first part of it. */
  #chunk: Uint8Array = new Uint8Array(0);
  #chunkBytes = 0;
  #chunkStart = 0;
  #unsynced = false;

  constructor(
    file: StorageFile,
    segment: number,
    bytes: number,
    visit: (frame: Frame) => void,
    pool: SlabPool | undefined,
  ) {
    this.#file = file;
    this.#segment = segment;
    this.#bytes = bytes;
    this.#visit = visit;
    this.#pool = pool;
  }

  async read(): Promise<SegmentEnd> {
    const fault = await this.#findHeaderFault();
    if (fault !== undefined) return this.#broken(0, this.#bytes, fault);
    for (let position = FILE_HEADER_BYTES; position < this.#bytes; ) {
      const read = await this.#readFrame(position);
      if (typeof read === 'string') {
        const written = await this.#writtenEnd(position);
        if (written === position) return { kind: 'complete', sealed: false, bytes: position };
        return this.#broken(position, written, read);
      }
      this.#visit(read);
      position += FRAME_HEADER_BYTES + read.header.bodyLength;
      if (read.header.kind === 'seal') return { kind: 'complete', sealed: true, bytes: position };
    }
    return { kind: 'complete', sealed: false, bytes: this.#bytes };
  }

  async #findHeaderFault(): Promise<string | undefined> {
    const start = await this.#chunkWith(0, FILE_HEADER_BYTES);
    const header = this.#chunk.subarray(start, start + FILE_HEADER_BYTES);
    try {
      const flags = checkFileHeader(header, 'kv-log', this.#segment, segmentFileName(this.#segment));
      this.#unsynced = (flags & UNSYNCED_FLAG) !== 0;
      return undefined;
    } catch (error) {
      if (error instanceof CorruptionError) return error.what;
      throw error;
    }
  }

  /** The frame at a position, or what is wrong there. */
  async #readFrame(position: number): Promise<Frame | string> {
    const headerStart = await this.#chunkWith(position, FRAME_HEADER_BYTES);
    const header = decodeFrameHeader(this.#chunk, headerStart, this.#segment, position);
    if (header === undefined) return 'no valid frame header';
    const frameStart = await this.#chunkWith(position, FRAME_HEADER_BYTES + header.bodyLength);
    const start = frameStart + FRAME_HEADER_BYTES;
    const end = start + header.bodyLength;
    if (!bodyIsIntact(header, this.#chunk.subarray(start, end), this.#segment, position)) {
      return 'the body of a frame does not match its checksum';
    }
    return { header, position, bytes: this.#chunk, start, end };
  }

  /** Sees to it that the chunk holds these bytes of the file, as far as there are any; returns where they begin. */
  async #chunkWith(position: number, length: number): Promise<number> {
    const end = Math.min(position + length, this.#bytes);
    if (position < this.#chunkStart || end > this.#chunkStart + this.#chunkBytes)
      await this.#readChunk(position, length);
    return position - this.#chunkStart;
  }

  async #readChunk(position: number, length: number): Promise<void> {
    const bytes = Math.min(Math.max(length, CHUNK_BYTES), this.#bytes - position);
    const memory = this.#pool?.take(bytes);
    const read = await this.#file.read(position, bytes, memory);
    this.#chunk = memory ?? read;
    this.#chunkBytes = read.length;
    this.#chunkStart = position;
  }

  /** Where the zeros at the end begin; `position` if there is nothing else behind it. */
  async #writtenEnd(position: number): Promise<number> {
    for (let end = this.#bytes; end > position; end -= CHUNK_BYTES) {
      const start = Math.max(position, end - CHUNK_BYTES);
      const part = await this.#file.read(start, end - start);
      for (let i = part.length - 1; i >= 0; i--) if (part[i] !== 0) return start + i + 1;
    }
    return position;
  }

  async #broken(position: number, written: number, what: string): Promise<SegmentEnd> {
    const laterFrame = this.#unsynced ? undefined : await this.#findFrameBehind(position, written);
    return { kind: 'broken', position, bytes: written, what, laterFrame };
  }

  /** The position of the first valid frame behind a broken place, where anything was written. */
  async #findFrameBehind(broken: number, written: number): Promise<number | undefined> {
    const step = 64 * 1024;
    for (let start = broken + 1; start < written; start += step) {
      const part = await this.#file.read(start, step + FRAME_HEADER_BYTES - 1);
      for (let i = 0; i < step && i + FRAME_HEADER_BYTES <= part.length; i++) {
        const header = decodeFrameHeader(part, i, this.#segment, start + i);
        if (header === undefined) continue;
        const body = await this.#file.read(start + i + FRAME_HEADER_BYTES, header.bodyLength);
        if (bodyIsIntact(header, body, this.#segment, start + i)) return start + i;
      }
    }
    return undefined;
  }
}
