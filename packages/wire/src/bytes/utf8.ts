/**
 * UTF-8 straight into place: the length is known before anything is allocated, and a string that has no UTF-8 form (a
 * lone surrogate) is refused instead of altered.
 */
import { malformed } from '../errors.ts';

// Without ignoreBOM the decoder would drop a leading U+FEFF, and the text would not be the one that was sent.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws WireError MALFORMED for a lone surrogate. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (unit < 0xd800 || unit > 0xdfff) length += 2;
    else {
      checkSurrogatePair(text, index);
      length += 2;
      index += 1;
    }
  }
  return length;
}

/** Writes `text`, whose {@link utf8Length} fits behind `offset`. */
export function writeUtf8(bytes: Uint8Array, offset: number, text: string): void {
  let at = offset;
  for (let index = 0; index < text.length; index += 1) {
    const point = text.codePointAt(index) ?? 0;
    if (point < 0x80) {
      bytes[at++] = point;
    } else if (point < 0x800) {
      bytes[at++] = 0xc0 | (point >> 6);
      bytes[at++] = 0x80 | (point & 0x3f);
    } else if (point < 0x10000) {
      bytes[at++] = 0xe0 | (point >> 12);
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[at++] = 0x80 | (point & 0x3f);
    } else {
      bytes[at++] = 0xf0 | (point >> 18);
      bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[at++] = 0x80 | (point & 0x3f);
      index += 1;
    }
  }
}

/** @throws WireError MALFORMED for bytes that are not UTF-8. */
export function readUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw malformed('needed UTF-8, got other bytes', cause);
  }
}

function checkSurrogatePair(text: string, index: number): void {
  const isPair = text.charCodeAt(index) < 0xdc00 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;
  if (!isPair) throw malformed('needed a text that UTF-8 can hold, got a lone surrogate');
}
