/**
 * A plain `Uint8Array` of its own memory. What `slice` gives is that only of plain ones: bytes that came over a socket are a
 * `Buffer` of Node, whose `slice` is a view of the memory that it came in.
 */
export function copyBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
