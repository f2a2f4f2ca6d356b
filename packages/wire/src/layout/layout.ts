/**
 * A layout is the one description of how a value lies in bytes: its size, its writer and its reader in one object,
 * built from smaller layouts. Formats are therefore written once, and read as the tables that they are.
 *
 * Integers are big endian. Layouts refuse on both sides what the format forbids, so whatever was encoded decodes.
 */
import { ByteReader } from '../bytes/byte-reader.ts';
import { ByteWriter } from '../bytes/byte-writer.ts';
import { malformed } from '../errors.ts';

export interface Layout<T> {
  /** Fewest bytes that a value takes: tells how many of them could be in what remains of the input. */
  readonly minSize: number;
  /** Bytes of `value`. Checks the lengths of everything in it. @throws WireError MALFORMED */
  readonly size: (value: T) => number;
  /** Writes exactly `size(value)` bytes. Checks what `size` did not. @throws WireError MALFORMED */
  readonly write: (writer: ByteWriter, value: T) => void;
  /** @throws WireError MALFORMED */
  readonly read: (reader: ByteReader) => T;
}

/** `value` in one allocation of its exact size. */
export function encode<T>(layout: Layout<T>, value: T): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(layout.size(value));
  layout.write(writer, value);
  return writer.finish();
}

/** The value that all of `bytes` stand for. Byte fields of it are views of `bytes`. */
export function decode<T>(layout: Layout<T>, bytes: Uint8Array): T {
  const reader = new ByteReader(bytes);
  const value = layout.read(reader);
  checkEnd(reader);
  return value;
}

/** Bytes left over are refused: they would be lost on the way through a peer that decodes and encodes again. */
export function checkEnd(reader: ByteReader): void {
  if (reader.remaining > 0) throw malformed(`needed the end, got ${reader.remaining} more bytes`);
}
