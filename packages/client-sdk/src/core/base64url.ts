/** Cursors as text, in base64url without padding (RFC 4648 §5): the same text as over HTTP. */
import { KvError } from './errors.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const values: ReadonlyMap<string, number> = new Map([...alphabet].map((character, value) => [character, value]));

export function encodeCursor(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const bits = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const characters = Math.min(4, bytes.length - at + 1);
    for (let index = 0; index < characters; index += 1) text += alphabet[(bits >>> (18 - 6 * index)) & 63] ?? '';
  }
  return text;
}

/** @throws KvError INVALID_CURSOR */
export function decodeCursor(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let [bits, held, at] = [0, 0, 0];
  for (const character of text) {
    const value = values.get(character);
    if (value === undefined) throw invalid();
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = bits >>> held;
  }
  if (bytes.length === 0 || encodeCursor(bytes) !== text) throw invalid();
  return bytes;
}

function invalid(): KvError {
  return new KvError('INVALID_CURSOR', 'a cursor is passed back as it was given');
}
