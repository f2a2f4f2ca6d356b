/** Keys are text or bytes; a cluster knows bytes only. */
import { maxKeyBytes } from '@kv/wire';
import { KvError } from './errors.ts';

export type Key = string | Uint8Array;

/** @throws KvError KEY_EMPTY, KEY_TOO_LONG, KEY_INVALID */
export function encodeKey(key: Key): Uint8Array {
  const bytes = bytesOf(key);
  if (bytes.length === 0) throw new KvError('KEY_EMPTY', `a key has 1 to ${maxKeyBytes} bytes, got none`);
  if (bytes.length <= maxKeyBytes) return bytes;
  throw new KvError('KEY_TOO_LONG', `a key has 1 to ${maxKeyBytes} bytes, got ${bytes.length}`);
}

/** Of a prefix, which may be empty. @throws KvError KEY_TOO_LONG, KEY_INVALID */
export function encodePrefix(prefix: Key): Uint8Array {
  const bytes = bytesOf(prefix);
  return bytes.length === 0 ? bytes : encodeKey(bytes);
}

/** From JavaScript a key may be anything. */
function bytesOf(key: Key): Uint8Array {
  if (typeof key === 'string') return encodeText(key);
  if (key instanceof Uint8Array) return key;
  throw new KvError('KEY_INVALID', `a key is text or a Uint8Array, got ${key === null ? 'null' : typeof key}`);
}

/** As text where it is UTF-8, else as bytes of the caller's own: what is given to a call again, it is the same key. */
export function decodeKey(key: Uint8Array): Key {
  try {
    return decoder.decode(key);
  } catch {
    return new Uint8Array(key);
  }
}

/** Encoding replaces halves of surrogate pairs: two such keys would become one without anybody noticing. */
function encodeText(key: string): Uint8Array {
  if (!/\p{Surrogate}/u.test(key)) return encoder.encode(key);
  throw new KvError('KEY_INVALID', 'a key given as text must be well-formed UTF-16, got half a surrogate pair');
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
