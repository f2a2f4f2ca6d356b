/**
 * Keys on which writes may be concurrent: in a keyspace with the conflict rule `siblings` none of them is lost, and a read finds
 * all that no later write had read.
 */
import { formatVersion } from '@kv/quorum';
import { maxContextBytes } from '@kv/wire';
import { fromBase64url, toBase64url } from './base64url.ts';
import { KvError } from './errors.ts';
import type { Key } from './key.ts';
import type { Receipt } from './receipt.ts';
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
export function contextBytes(context: string | undefined): Uint8Array | undefined {
  if (context === undefined) return undefined;
  const bytes = typeof context === 'string' ? fromBase64url(context) : undefined;
  if (bytes !== undefined && bytes.length > 0 && bytes.length <= maxContextBytes) return bytes;
  throw new KvError('INVALID_CONTEXT', 'a context is what a read of the key gave');
}

/** Throws what a reader must not overlook. */
export function unresolved({ siblings, context, receipt }: SiblingsEntry<unknown>): KvError {
  const message = `the key has ${siblings.length} siblings: give the keyspace a resolve, or read them with getSiblings`;
  return new KvError('SIBLINGS', message, { siblings, context, receipt });
}
