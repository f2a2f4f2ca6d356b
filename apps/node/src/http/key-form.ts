/**
 * A key inside JSON: text, or base64url with `"encoding": "base64url"` beside it, exactly as the parameter `encoding` says
 * of a key in a path.
 */
import { Problem } from './problem-details.ts';
import { decodeBase64url } from './request-target.ts';

export interface KeyForm {
  readonly key: string;
  readonly encoding?: 'base64url';
}

/** @param encoding asked for; a key that is not UTF-8 is base64url whatever was asked for */
export function keyForm(key: Uint8Array, encoding: 'base64url' | undefined): KeyForm {
  const text = encoding === undefined ? decodeText(key) : undefined;
  if (text !== undefined) return { key: text };
  const { buffer, byteOffset, length } = key;
  return { key: Buffer.from(buffer, byteOffset, length).toString('base64url'), encoding: 'base64url' };
}

/** @throws Problem INVALID_ENCODING, INVALID_PARAMETER */
export function readKeyForm(key: unknown, encoding: unknown): Uint8Array {
  if (typeof key !== 'string') throw new Problem('INVALID_ENCODING', `a key is text, got ${typeof key}`);
  if (encoding === 'base64url') return decodeBase64url(key);
  if (encoding !== undefined) {
    const got = JSON.stringify(encoding)?.slice(0, 40);
    throw new Problem('INVALID_PARAMETER', `encoding can be base64url, got ${got}`);
  }
  if (!/\p{Surrogate}/u.test(key)) return new Uint8Array(Buffer.from(key));
  throw new Problem('INVALID_ENCODING', 'a key given as text is well-formed, got half a surrogate pair');
}

function decodeText(key: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(key);
  } catch {
    return undefined;
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
