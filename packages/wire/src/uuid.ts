/** UUIDs between their text and their 16 bytes, for formats that are not messages (and for actors, made of one). */
import { uuid } from './layout/fields.ts';
import { decode, encode } from './layout/layout.ts';

/** @throws WireError MALFORMED unless `text` is a UUID in lowercase with its four hyphens. */
export function uuidToBytes(text: string): Uint8Array<ArrayBuffer> {
  return encode(uuid, text);
}

/** @throws WireError MALFORMED unless there are 16 bytes. */
export function uuidFromBytes(bytes: Uint8Array): string {
  return decode(uuid, bytes);
}
