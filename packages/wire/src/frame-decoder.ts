/**
 * Cuts a stream into frames, wherever its chunks begin and end. A frame that lies within one chunk is decoded in place;
 * only a frame that chunks cut apart is collected, in a buffer that grows with what has arrived, never with what a
 * length field promises.
 */
import { ByteReader } from './bytes/byte-reader.ts';
import { WireError } from './errors.ts';
import { decodeFrame, lengthFieldBytes, readLength } from './frame.ts';
import { type Frame, maxFrameBytes } from './frame-header.ts';

/** A higher factor copies less of a frame that comes in many chunks, and lets a peer pin more memory per byte sent. */
const growth = 4;

export class FrameDecoder {
  readonly #maxBytes: number;
  /** The begun frame: `#held` bytes of it, in a buffer never longer than the frame. */
  #buffer = new Uint8Array(lengthFieldBytes);
  #held = 0;
  #failure: WireError | undefined;

  /** @param maxBytes the longest frame after its length field */
  constructor(maxBytes: number = maxFrameBytes) {
    this.#maxBytes = maxBytes;
  }

  /** Memory held for the begun frame, in bytes; at most {@link growth} times what arrived of it. */
  get bufferedBytes(): number {
    return this.#buffer.length;
  }

  /**
   * The frames that `chunk` completes, in order. They refer to `chunk`, which must not change any more.
   * @throws WireError at the first bad frame; frames before it in this chunk are lost with it. Nothing after it can be
   *   trusted, so every later push throws the same error: close the connection.
   */
  push(chunk: Uint8Array): Frame[] {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return this.#cut(chunk);
    } catch (error) {
      if (error instanceof WireError) this.#failure = error;
      this.#reset();
      throw error;
    }
  }

  #cut(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    let rest = this.#held > 0 ? this.#collect(chunk, frames) : chunk;
    for (;;) {
      const size = frameSize(rest, this.#maxBytes);
      if (size === undefined || size > rest.length) break;
      frames.push(decodeFrame(rest.subarray(0, size), this.#maxBytes));
      rest = rest.subarray(size);
    }
    this.#collect(rest, frames);
    return frames;
  }

  /** Adds to the begun frame until it is whole. Returns what of `chunk` lies behind it. */
  #collect(chunk: Uint8Array, frames: Frame[]): Uint8Array {
    let rest = chunk;
    while (rest.length > 0) {
      const size = frameSize(this.#buffer.subarray(0, this.#held), this.#maxBytes);
      const part = rest.subarray(0, (size ?? lengthFieldBytes) - this.#held);
      this.#append(part, size ?? lengthFieldBytes);
      rest = rest.subarray(part.length);
      if (this.#held === size) {
        const whole = this.#buffer;
        this.#reset();
        frames.push(decodeFrame(whole, this.#maxBytes));
        break;
      }
    }
    return rest;
  }

  #append(part: Uint8Array, limit: number): void {
    const held = this.#held + part.length;
    if (held > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(limit, growth * held));
      grown.set(this.#buffer.subarray(0, this.#held));
      this.#buffer = grown;
    }
    this.#buffer.set(part, this.#held);
    this.#held = held;
  }

  #reset(): void {
    this.#buffer = new Uint8Array(lengthFieldBytes);
    this.#held = 0;
  }
}

/** Bytes of the frame that `bytes` begin, its length field included; undefined while that is not known. */
function frameSize(bytes: Uint8Array, maxBytes: number): number | undefined {
  if (bytes.length < lengthFieldBytes) return undefined;
  return lengthFieldBytes + readLength(new ByteReader(bytes), maxBytes);
}
