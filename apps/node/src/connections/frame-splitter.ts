/**
 * Cuts a byte stream into complete frames without reading them: a frame begins with its length, u32 big endian, which
 * counts what follows it. An oversized length is refused before anything is kept for it.
 */
import { maxFrameBytes, WireError } from '@kv/wire';

const lengthBytes = 4;

export class FrameSplitter {
  /** The begun frame, in the pieces that it came in; `#held` bytes in all. */
  #pieces: Uint8Array[] = [];
  #held = 0;

  /**
   * The frames that end in this chunk, length included, as views of it where possible.
   * @throws WireError FRAME_TOO_LARGE; the stream cannot be followed after that
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      const missing = this.#missing(rest);
      if (missing === undefined || missing > rest.length) {
        this.#keep(rest);
        break;
      }
      frames.push(this.#complete(rest.subarray(0, missing)));
      rest = rest.subarray(missing);
    }
    return frames;
  }

  /** How many bytes of `next` belong to the begun frame; undefined while not even its length is known. */
  #missing(next: Uint8Array): number | undefined {
    if (this.#held + next.length < lengthBytes) return undefined;
    return lengthBytes + this.#readLength(next) - this.#held;
  }

  #readLength(next: Uint8Array): number {
    let length = 0;
    for (let index = 0; index < lengthBytes; index += 1) length = length * 256 + this.#byteAt(index, next);
    if (length <= maxFrameBytes) return length;
    throw new WireError('FRAME_TOO_LARGE', `a frame has at most ${maxFrameBytes} bytes, got one of ${length}`);
  }

  #byteAt(index: number, next: Uint8Array): number {
    let offset = index;
    for (const piece of this.#pieces) {
      if (offset < piece.length) return piece[offset] ?? 0;
      offset -= piece.length;
    }
    return next[offset] ?? 0;
  }

  #keep(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#held += piece.length;
  }

  #complete(last: Uint8Array): Uint8Array {
    if (this.#held === 0) return last;
    const frame = Buffer.concat([...this.#pieces, last], this.#held + last.length);
    this.#pieces = [];
    this.#held = 0;
    return frame;
  }
}
