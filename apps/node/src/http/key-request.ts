/** Reads a request for a single key: which key of which keyspace, how many replicas, by when. */
import type { IncomingMessage } from 'node:http';
import { maxKeyBytes, maxTimeoutMs, type RequestOptions } from '@kv/cluster-node';
import { type ConsistencyLevel, consistencyLevels, isConsistencyLevel } from '@kv/quorum';
import { Problem } from './problem-details.ts';
import { decodeKey, keyAddress, parseRequestTarget } from './request-target.ts';
import { ttlOf } from './time-to-live.ts';
import { checkWriteHeaders } from './write-headers.ts';

export interface KeyRequest extends RequestOptions {
  /** `r` of a read, `w` of a write; undefined for the keyspace's default. */
  readonly replicas: number | undefined;
  /** Of a write: what its writer had read, from the header `KV-Context`. */
  readonly context: Uint8Array | undefined;
}

export interface PutKeyRequest extends KeyRequest {
  readonly ttlMs: number | undefined;
}

/** @throws Problem */
export function readKeyRequest(incoming: IncomingMessage, quorum: 'r' | 'w'): KeyRequest {
  return readTarget(incoming, quorum, []).request;
}

/** @throws Problem */
export function readPutRequest(incoming: IncomingMessage): PutKeyRequest {
  const { request, parameters } = readTarget(incoming, 'w', ['ttl']);
  return { ...request, ttlMs: ttlOf(parameters) };
}

function readTarget(
  incoming: IncomingMessage,
  quorum: 'r' | 'w',
  more: readonly string[],
): { request: KeyRequest; parameters: ReadonlyMap<string, string> } {
  const { path, parameters } = parseRequestTarget(incoming.url ?? '');
  const { keyspace, key: segment } = keyAddress(path);
  checkParameterNames(parameters, [quorum, 'level', 'sloppy', 'timeout', 'encoding', ...more]);
  if (quorum === 'w') checkWriteHeaders(incoming);
  const key = decodeKey(segment, encodingOf(parameters));
  if (key.length > maxKeyBytes) {
    throw new Problem('KEY_TOO_LONG', `a key has 1 to ${maxKeyBytes} bytes, got ${key.length}`);
  }
  const [replicas, level] = [replicasOf(parameters, quorum), levelOf(parameters)];
  const context = quorum === 'w' ? contextOf(incoming) : undefined;
  const sloppy = sloppyOf(parameters);
  const request = { keyspace, key, replicas, level, context, sloppy, timeoutMs: timeoutOf(parameters) };
  return { request, parameters };
}

/** @throws Problem */
export function checkParameterNames(parameters: ReadonlyMap<string, string>, known: readonly string[]): void {
  for (const name of parameters.keys()) {
    if (known.includes(name)) continue;
    throw new Problem('UNKNOWN_PARAMETER', `this request takes ${known.join(', ')}, got ${JSON.stringify(name)}`);
  }
}

/** @throws Problem */
export function encodingOf(parameters: ReadonlyMap<string, string>): 'base64url' | undefined {
  const encoding = parameters.get('encoding');
  if (encoding === undefined || encoding === 'base64url') return encoding;
  throw new Problem('INVALID_PARAMETER', `encoding can be base64url, got ${JSON.stringify(encoding)}`);
}

/** @throws Problem */
export function replicasOf(parameters: ReadonlyMap<string, string>, name: 'r' | 'w'): number | undefined {
  const text = parameters.get(name);
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new Problem(
    'INVALID_QUORUM',
    `${name} must be an integer from 1 to the number of replicas, got ${quote(text)}`,
  );
}

/** @throws Problem */
export function levelOf(parameters: ReadonlyMap<string, string>): ConsistencyLevel | undefined {
  const text = parameters.get('level');
  if (text === undefined || isConsistencyLevel(text)) return text;
  throw new Problem('INVALID_QUORUM', `level must be one of ${consistencyLevels.join(', ')}, got ${quote(text)}`);
}

function sloppyOf(parameters: ReadonlyMap<string, string>): boolean | undefined {
  const text = parameters.get('sloppy');
  if (text === undefined) return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  throw new Problem('INVALID_PARAMETER', `sloppy must be true or false, got ${quote(text)}`);
}

/** @throws Problem */
export function timeoutOf(parameters: ReadonlyMap<string, string>): number | undefined {
  const text = parameters.get('timeout');
  if (text === undefined) return undefined;
  const timeoutMs = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (timeoutMs >= 1 && timeoutMs <= maxTimeoutMs) return timeoutMs;
  throw new Problem('INVALID_PARAMETER', `timeout must be 1 to ${maxTimeoutMs} milliseconds, got ${quote(text)}`);
}

/** Whether it is a context of this key is for the member to say. */
function contextOf({ headers }: IncomingMessage): Uint8Array | undefined {
  const text = headers['kv-context'];
  return text === undefined ? undefined : readContext(typeof text === 'string' ? text : '');
}

/** @throws Problem INVALID_CONTEXT */
export function readContext(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length > 0 && bytes.toString('base64url') === text) return bytes;
  throw new Problem('INVALID_CONTEXT', 'a context is what a read of this key answered with: base64url, given once');
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
