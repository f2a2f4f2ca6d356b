/**
 * Reads one segment of the commit log from its start and says how it ends.
 *
 * A group is written only after the group before it was synced. So a valid frame anywhere behind a broken place
 * proves that the broken bytes were once durable, which makes them damage; where there is none, they are the torn tail
 * of a write that a crash cut short.
 */

import { FILE_HEADER_BYTES, checkFileHeader } from '../file-header.ts';
import { CorruptionError } from '../errors.ts';
import { segmentFileName } from '../file-names.ts';
import type { StorageFile } from '../ports/file-system.ts';
import { ReadAhead } from '../read-ahead.ts';
import type { StoredEntry } from '../stored-entry.ts';
import { FRAME_HEADER_BYTES, bodyIsIntact, decodeBody, decodeFrameHeader } from './frame.ts';
import type { FrameHeader } from './frame.ts';

export interface Frame {
  readonly header: FrameHeader;
  readonly position: number;
  readonly entries: readonly StoredEntry[];
}

/**
 * - `complete`: every byte belongs to a valid frame; `sealed` if the last one is a seal.
 * - `broken`: from `position` on, no frame can be read; `laterFrame` is where a valid one follows nevertheless.
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

/** Calls `visit` for each valid frame in order. What `visit` throws ends the reading. */
export async function readSegment(
  file: StorageFile,
  segment: number,
  visit: (frame: Frame) => void,
): Promise<SegmentEnd> {
  const bytes = await file.size();
  const reader = new ReadAhead(file, bytes);
  const headerFault = await findHeaderFault(reader, segment);
  if (headerFault !== undefined) return broken(reader, segment, 0, bytes, headerFault);
  let sealed = false;
  let position = FILE_HEADER_BYTES;
  while (position < bytes) {
    const read = await readFrame(reader, segment, position);
    if (typeof read === 'string') return broken(reader, segment, position, bytes, read);
    visit(read);
    sealed = read.header.kind === 'seal';
    position += FRAME_HEADER_BYTES + read.header.bodyLength;
  }
  return { kind: 'complete', sealed, bytes };
}

async function findHeaderFault(reader: ReadAhead, segment: number): Promise<string | undefined> {
  const header = await reader.read(0, FILE_HEADER_BYTES);
  try {
    checkFileHeader(header, 'kv-log', segment, segmentFileName(segment));
    return undefined;
  } catch (error) {
    if (error instanceof CorruptionError) return error.what;
    throw error;
  }
}

/** The frame at a position, or what is wrong there. */
async function readFrame(reader: ReadAhead, segment: number, position: number): Promise<Frame | string> {
  const headerBytes = await reader.read(position, FRAME_HEADER_BYTES);
  const header = decodeFrameHeader(headerBytes, 0, segment, position);
  if (header === undefined) return 'no valid frame header';
  const body = await reader.read(position + FRAME_HEADER_BYTES, header.bodyLength);
  if (!bodyIsIntact(header, body, segment, position)) return 'the body of a frame does not match its checksum';
  const entries = decodeBody(header, body, { file: segmentFileName(segment), offset: position });
  return { header, position, entries };
}

async function broken(
  reader: ReadAhead,
  segment: number,
  position: number,
  bytes: number,
  what: string,
): Promise<SegmentEnd> {
  const laterFrame = await findFrameBehind(reader, segment, position, bytes);
  return { kind: 'broken', position, bytes, what, laterFrame };
}

/** The position of the first valid frame behind a broken place. */
async function findFrameBehind(
  reader: ReadAhead,
  segment: number,
  broken: number,
  bytes: number,
): Promise<number | undefined> {
  const step = 64 * 1024;
  for (let start = broken + 1; start < bytes; start += step) {
    const part = await reader.read(start, step + FRAME_HEADER_BYTES - 1);
    for (let i = 0; i < step && i + FRAME_HEADER_BYTES <= part.length; i++) {
      const header = decodeFrameHeader(part, i, segment, start + i);
      if (header === undefined) continue;
      const body = await reader.read(start + i + FRAME_HEADER_BYTES, header.bodyLength);
      if (bodyIsIntact(header, body, segment, start + i)) return start + i;
    }
  }
  return undefined;
}
