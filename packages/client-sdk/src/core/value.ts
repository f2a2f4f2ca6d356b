/**
 * Values are bytes, text or JSON, and are stored with the content type that says which: what any client puts as
 * `application/json` is an object here, and the reverse.
 */
import { maxContentTypeBytes, maxFrameBytes, maxKeyBytes, type Put, valueCodecs } from '@kv/wire';
import { KvError } from './errors.ts';

export interface EncodedValue {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** What one frame can hold beside its header and key. A cluster's own limit is lower, 1 MiB by default. */
const maxValueBytes = maxFrameBytes - maxKeyBytes - 1024;

/**
 * @param contentType instead of the one that the kind of the value gives
 * @throws KvError INVALID_VALUE, VALUE_TOO_LARGE, INVALID_CONTENT_TYPE
 */
export function encodeValue(value: unknown, contentType?: string): EncodedValue {
  const encoded = encodeByKind(value);
  const { length } = encoded.bytes;
  if (length > maxValueBytes) {
    throw new KvError('VALUE_TOO_LARGE', `a value has at most ${maxValueBytes} bytes, got ${length}`);
  }
  return contentType === undefined ? encoded : { ...encoded, contentType: checkedContentType(contentType) };
}

/**
 * @param bytes as they arrived, in memory shared with other messages; bytes in the result are the caller's own
 * @throws KvError UNDECODABLE_VALUE, keeping the bytes
 */
export function decodeValue(contentType: string, bytes: Uint8Array): unknown {
  const { type, charset } = parseContentType(contentType);
  const isText = type.startsWith('text/') && (charset === undefined || /^(utf-?8|us-ascii)$/.test(charset));
  const isJson = type === 'application/json' || type.endsWith('+json');
  if (!isText && !isJson) return new Uint8Array(bytes);
  try {
    const text = decoder.decode(bytes);
    return isJson ? JSON.parse(text) : text;
  } catch (cause) {
    const message = `the stored bytes are not ${isJson ? 'JSON' : 'UTF-8'}, as their content type ${type} says`;
    throw new KvError('UNDECODABLE_VALUE', message, { cause, raw: new Uint8Array(bytes) });
  }
}

/** As a put or a change carries it. */
export function plain({
  contentType,
  bytes,
}: EncodedValue): Pick<Put, 'contentType' | 'codec' | 'rawLength' | 'value'> {
  return { contentType, codec: valueCodecs.plain, rawLength: bytes.length, value: bytes };
}

function encodeByKind(value: unknown): EncodedValue {
  if (value instanceof Uint8Array) return { contentType: 'application/octet-stream', bytes: value };
  if (typeof value === 'string') return { contentType: 'text/plain; charset=utf-8', bytes: encoder.encode(value) };
  return { contentType: 'application/json', bytes: encoder.encode(toJson(value)) };
}

function checkedContentType(contentType: string): string {
  if (/^[\x20-\x7e]+$/.test(contentType) && contentType.length <= maxContentTypeBytes) return contentType;
  const message = `a content type has 1 to ${maxContentTypeBytes} printable ASCII characters`;
  throw new KvError('INVALID_CONTENT_TYPE', `${message}, got ${JSON.stringify(contentType.slice(0, 200))}`);
}

function toJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new KvError('INVALID_VALUE', 'the value cannot be written as JSON', { cause });
  }
  if (text !== undefined) return text;
  throw new KvError('INVALID_VALUE', `a value is bytes, text or JSON, got ${typeof value}; use delete to remove a key`);
}

function parseContentType(contentType: string): { type: string; charset: string | undefined } {
  const lower = contentType.toLowerCase();
  const [type = ''] = lower.split(';', 1);
  return { type: type.trim(), charset: /;\s*charset\s*=\s*"?([^\s;"]+)/.exec(lower)?.[1] };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
