/** Keys and values as Level hands them over, and as the engine holds them. */

/** How Level wants data: a string, a `Buffer`, or a plain `Uint8Array`. */
export type DataFormat = 'utf8' | 'buffer' | 'view';

export type Data = string | Buffer | Uint8Array;

export function bytesOf(data: Data): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
}

/** In the memory of the bytes given, which must be the receiver's own. */
export function dataOf(bytes: Uint8Array, format: DataFormat): Data {
  if (format === 'view') return bytes;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return format === 'utf8' ? buffer.toString('utf8') : buffer;
}
