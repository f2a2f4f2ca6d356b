/**
 * Keys on which writes may be concurrent: in a keyspace with the conflict rule `siblings` none of them is lost, and a read finds
 * all that no later write had read.
 */
import { formatVersion } from '@kv/quorum';
import { type Delete, maxContextBytes, type Put, type PutSibling } from '@kv/wire';
import { fromBase64url, toBase64url } from './base64url.ts';
import { KvError } from './errors.ts';
import type { Key } from './key.ts';
import type { SetOptions, WriteOptions } from './options.ts';
import type { Receipt } from './receipt.ts';
import type { Route } from './topology-view.ts';
import { decodeValue } from './value.ts';
import type { SiblingsAnswer } from './verdict.ts';

/** One of the values that a key has. */
export interface Sibling<Value> {
  readonly value: Value;
  /** Names the write that stored it. */
  readonly version: string;
  readonly contentType: string;
}

export interface SiblingsEntry<Value> {
  readonly key: Key;
  /** In the order of their versions. None: the key is deleted, or was never written. */
  readonly siblings: readonly Sibling<Value>[];
  /** To be passed to the `set` or `delete` that replaces them; undefined where the key was never written. */
  readonly context: string | undefined;
  readonly receipt: Receipt;
}

/** Makes one value of two or more that knew nothing of each other, in the order of their versions. */
export type Resolve<Value> = (values: readonly Value[]) => Value;

export function siblingsOf(answer: SiblingsAnswer): Sibling<unknown>[] {
  return answer.siblings.map(({ version, contentType, bytes }) => {
    return { value: decodeValue(contentType, bytes), version: formatVersion(version), contentType };
  });
}

export function contextText(context: Uint8Array | undefined): string | undefined {
  return context && toBase64url(context);
}

/** @throws KvError INVALID_CONTEXT */
function contextBytes(context: string | undefined): Uint8Array | undefined {
  if (context === undefined) return undefined;
  const bytes = typeof context === 'string' ? fromBase64url(context) : undefined;
  if (bytes !== undefined && bytes.length > 0 && bytes.length <= maxContextBytes) return bytes;
  throw new KvError('INVALID_CONTEXT', 'a context is what a read of the key gave');
}

/** @throws KvError RESOLVE */
export function resolved<Value>(resolve: Resolve<Value>, { siblings, context, receipt }: SiblingsEntry<Value>): Value {
  try {
    return resolve(siblings.map(({ value }) => value));
  } catch (cause) {
    const message = "the keyspace's resolve failed instead of making one value of several";
    throw new KvError('RESOLVE', message, { siblings, context, receipt, cause });
  }
}

/** Throws what a reader must not overlook. */
export function unresolved({ siblings, context, receipt }: SiblingsEntry<unknown>): KvError {
  const message = `the key has ${siblings.length} siblings: give the keyspace a resolve, or read them with getSiblings`;
  return new KvError('SIBLINGS', message, { siblings, context, receipt });
}

/** What only a keyspace with siblings takes, and what it does not. @throws KvError NOT_SUPPORTED */
export function checkSiblingOptions(
  keyspace: string,
  { conflict }: Pick<Route, 'conflict'>,
  { context, ttlMs = 0 }: SetOptions,
): void {
  if (conflict !== 'siblings' && context !== undefined) {
    throw new KvError('NOT_SUPPORTED', `keyspace ${keyspace} has no siblings, and takes no context`);
  }
  if (conflict === 'siblings' && ttlMs !== 0) {
    throw new KvError('NOT_SUPPORTED', `keyspace ${keyspace} has siblings, and they live until they are replaced`);
  }
}

/** The write as one that replaces what its context names and stands beside all else. */
export function besideOthers(write: Put | Delete, { context: text }: WriteOptions, w: number): PutSibling {
  const { key, version } = write;
  const context = contextBytes(text);
  const optional = { ...(version && { version }), ...(context && { context }) };
  if (write.type === 'delete') return { type: 'put-sibling', key, ...optional, w };
  const { contentType, codec, rawLength, value } = write;
  return { type: 'put-sibling', key, ...optional, content: { contentType, codec, rawLength, value }, w };
}
