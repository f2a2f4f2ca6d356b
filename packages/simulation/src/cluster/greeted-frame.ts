/**
 * How a frame travels through the virtual network: behind the hello of who sends it. A real connection begins with the
 * hello; a datagram has no beginning, so each carries it.
 *
 *   u16 length of the hello frame · hello frame · frame
 */
import { decodeFrame, encodeFrame, type Hello } from '@kv/wire';

const lengthBytes = 2;

export function encodeHello(hello: Hello): Uint8Array {
  const header = { operationId: 0, epoch: 0, keyspaceId: 0, deadlineMs: 0, stamp: { ms: 0, counter: 0 } };
  return encodeFrame(header, hello);
}

export function packFrame(hello: Uint8Array, frame: Uint8Array): Uint8Array {
  const packed = new Uint8Array(lengthBytes + hello.length + frame.length);
  packed[0] = hello.length >> 8;
  packed[1] = hello.length;
  packed.set(hello, lengthBytes);
  packed.set(frame, lengthBytes + hello.length);
  return packed;
}

/** The parts, unread. Both are views of `packed`. */
export function unpackFrame(packed: Uint8Array): { readonly hello: Uint8Array; readonly frame: Uint8Array } {
  const length = ((packed[0] ?? 0) << 8) | (packed[1] ?? 0);
  const frameAt = lengthBytes + length;
  return { hello: packed.subarray(lengthBytes, frameAt), frame: packed.subarray(frameAt) };
}

export function decodeHello(frame: Uint8Array): Hello {
  const { message } = decodeFrame(frame);
  if (message.type !== 'hello') throw new TypeError(`a link begins with a hello, got ${message.type}`);
  return message;
}
