/**
 * A value inside JSON, as an object with exactly one of three members: `json` (the value itself), `text`, or `base64`. Its
 * content type says which; what is not what its content type says is `base64`, so that every value has one form and none
 * is altered.
 */
import { Problem } from './problem-details.ts';

/** What is written: bytes, and their content type if the writer names none. */
export interface FormedValue {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** The form as JSON text. JSON is embedded as it is stored, for parsing it would lose digits of its numbers. */
export function valueForm(contentType: string, bytes: Uint8Array): string {
  const kind = kindOf(contentType);
  const text = kind === 'bytes' ? undefined : decodeText(bytes);
  if (text !== undefined && kind === 'text') return `{"text":${JSON.stringify(text)}}`;
  if (text !== undefined && isJson(text)) return `{"json":${text}}`;
  const { buffer, byteOffset, length } = bytes;
  return `{"base64":"${Buffer.from(buffer, byteOffset, length).toString('base64')}"}`;
}

/** @throws Problem INVALID_VALUE */
export function readValueForm(form: unknown): FormedValue {
  const [name, ...others] = typeof form === 'object' && form !== null ? Object.keys(form) : [];
  if (name === undefined || others.length > 0) throw invalid('got something else');
  const value: unknown = (form as Record<string, unknown>)[name];
  if (name === 'json') return { bytes: Buffer.from(JSON.stringify(value)), contentType: 'application/json' };
  if (typeof value !== 'string') throw invalid(`got ${name} of another type`);
  if (name === 'text') return { bytes: textBytes(value), contentType: 'text/plain; charset=utf-8' };
  if (name === 'base64') return { bytes: base64Bytes(value), contentType: 'application/octet-stream' };
  throw invalid(`got ${JSON.stringify(name.slice(0, 40))}`);
}

function kindOf(contentType: string): 'json' | 'text' | 'bytes' {
  const lower = contentType.toLowerCase();
  const type = (lower.split(';', 1)[0] ?? '').trim();
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/.exec(lower)?.[1];
  if (type === 'application/json' || type.endsWith('+json')) return 'json';
  return type.startsWith('text/') && (charset === undefined || /^(utf-?8|us-ascii)$/.test(charset)) ? 'text' : 'bytes';
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Half of a surrogate pair has no bytes: it would be stored as another text. */
function textBytes(text: string): Uint8Array {
  if (/\p{Surrogate}/u.test(text)) throw invalid('got text with half a surrogate pair');
  return Buffer.from(text);
}

function base64Bytes(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') === text) return bytes;
  throw invalid('got text that is not base64 (RFC 4648 §4, padded)');
}

function invalid(got: string): Problem {
  return new Problem('INVALID_VALUE', `a value is an object with one of json, text and base64, ${got}`);
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
