/** Cursors as text: the same text as over HTTP. */
import { fromBase64url, toBase64url } from './base64url.ts';
import { KvError } from './errors.ts';

export function encodeCursor(bytes: Uint8Array): string {
  return toBase64url(bytes);
}

/** @throws KvError INVALID_CURSOR */
export function decodeCursor(text: string): Uint8Array {
  const bytes = fromBase64url(text);
  if (bytes !== undefined && bytes.length > 0) return bytes;
  throw new KvError('INVALID_CURSOR', 'a cursor is passed back as it was given');
}
