/** Bytes as lowercase hexadecimal digits, without an intermediate array: ids and actors are in every message. */
import { malformed } from '../errors.ts';

const pairs: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The digits of `bytes[start]` to `bytes[end - 1]`, all of which must exist. */
export function hexOf(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let index = start; index < end; index += 1) text += pairs[bytes[index] ?? 0] ?? '';
  return text;
}

/** The byte that the two digits at `index` of `text` stand for. @throws WireError MALFORMED for other characters. */
export function byteAt(text: string, index: number): number {
  return (digit(text, index) << 4) | digit(text, index + 1);
}

function digit(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  throw malformed(`needed lowercase hexadecimal digits, got ${JSON.stringify(text.slice(0, 64))}`);
}
