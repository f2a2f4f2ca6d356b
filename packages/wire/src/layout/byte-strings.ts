/** Layouts of bytes and texts: a length, checked against its bounds and against what remains, then the bytes. */
import { utf8Length } from '../bytes/utf8.ts';
import { malformed } from '../errors.ts';
import type { Layout } from './layout.ts';

/** `u16 length · bytes`, `min` to `max` of them. Read as a view of the input. */
export function shortBytes(min: number, max: number): Layout<Uint8Array> {
  return {
    minSize: 2 + min,
    size: (value) => 2 + checkedLength(value.length, min, max),
    write: (writer, value) => {
      writer.u16(value.length);
      writer.bytes(value);
    },
    read: (reader) => reader.bytes(checkedLength(reader.u16(), min, max)),
  };
}

/** `u32 length · bytes`, bounded by the frame around it. Read as a view of the input. */
export const longBytes: Layout<Uint8Array> = {
  minSize: 4,
  size: (value) => 4 + value.length,
  write: (writer, value) => {
    writer.u32(value.length);
    writer.bytes(value);
  },
  read: (reader) => reader.bytes(reader.u32()),
};

/** `u16 length · UTF-8`; `max` counts bytes. */
export function text(max: number): Layout<string> {
  return {
    minSize: 2,
    size: (value) => 2 + checkedLength(utf8Length(value), 0, max),
    write: (writer, value) => {
      const length = utf8Length(value);
      writer.u16(length);
      writer.utf8(value, length);
    },
    read: (reader) => reader.utf8(checkedLength(reader.u16(), 0, max)),
  };
}

/** `u16 length · printable ASCII` (U+0020 to U+007E): safe in a header of HTTP or in a log line. */
export function printableText(max: number): Layout<string> {
  return {
    ...text(max),
    size: (value) => {
      for (let index = 0; index < value.length; index += 1) checkPrintable(value.charCodeAt(index));
      return 2 + checkedLength(value.length, 0, max);
    },
    read: (reader) => {
      // A call of the UTF-8 decoder costs more than all other fields of a put, for texts this short.
      let value = '';
      for (const byte of reader.bytes(checkedLength(reader.u16(), 0, max))) {
        checkPrintable(byte);
        value += String.fromCharCode(byte);
      }
      return value;
    },
  };
}

function checkedLength(length: number, min: number, max: number): number {
  if (length >= min && length <= max) return length;
  throw malformed(`needed ${min} to ${max} bytes, got ${length}`);
}

function checkPrintable(unit: number): void {
  if (unit < 0x20 || unit > 0x7e) throw malformed(`needed printable ASCII, got the character ${unit}`);
}
