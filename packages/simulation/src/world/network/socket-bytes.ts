/**
 * Bytes as a socket of Node gives them: a part of a larger memory, which holds other bytes too, in a class whose `slice` is a
 * view. Whoever takes such a `slice` for a copy, or a buffer for the bytes in it, is found out here as in production.
 */
export class SocketBytes extends Uint8Array<ArrayBuffer> {
  /** A copy of `bytes` that arrived over a socket. */
  static received(bytes: Uint8Array): SocketBytes {
    const memory = new Uint8Array(bytesBefore + bytes.length + bytesBehind).fill(0xa5);
    memory.set(bytes, bytesBefore);
    return new SocketBytes(memory.buffer, bytesBefore, bytes.length);
  }

  /** A view, as of Node's `Buffer`. */
  override slice(start?: number, end?: number): SocketBytes {
    return this.subarray(start, end);
  }
}

const bytesBefore = 24;
const bytesBehind = 8;
