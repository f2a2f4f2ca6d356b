/**
 * Writes that are over sooner than another thread would have begun them. Into the page cache 64 KiB take about 25 µs,
 * the way through the thread pool alone 30 to 50 µs; and gathered into one buffer many small chunks take a third of the
 * time of `writev`, which looks at each.
 */

import { writeSync } from 'node:fs';

export const SMALL_WRITE_BYTES: number = 64 * 1024;

const gathered: Uint8Array = new Uint8Array(SMALL_WRITE_BYTES);

/** Writes all of the chunks, which are not longer than {@link SMALL_WRITE_BYTES} together. */
export function writeSmall(descriptor: number, chunks: readonly Uint8Array[], position: number): void {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return writeFully(descriptor, only, only.length, position);
  let length = 0;
  for (const chunk of chunks) {
    gathered.set(chunk, length);
    length += chunk.length;
  }
  writeFully(descriptor, gathered, length, position);
}

/** The kernel may write less than it was asked to; the rest follows. */
function writeFully(descriptor: number, bytes: Uint8Array, length: number, position: number): void {
  for (let written = 0; written < length; ) {
    const count = writeSync(descriptor, bytes, written, length - written, position + written);
    if (count === 0) throw new Error('nothing could be written');
    written += count;
  }
}
