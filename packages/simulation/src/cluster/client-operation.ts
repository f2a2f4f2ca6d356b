/** One operation of a simulated client, from its first try to its end. */
import { formatVersion, type Version } from '@kv/quorum';
import { copyBytes, type Message } from '@kv/wire';
import { fingerprint } from './fingerprint.ts';

export interface OperationIntent {
  readonly kind: 'get' | 'put' | 'delete';
  readonly keyspaceId: number;
  readonly key: string;
  /** R of a get, W of a put or delete; `undefined` in a strong keyspace, where it is always a majority. */
  readonly quorum: number | undefined;
  /** The bytes of a put. */
  readonly value?: Uint8Array;
  /** Of a put: milliseconds; without it the value lives for ever. */
  readonly ttlMs?: number;
  /** Whether the client stamps its write; else its coordinator does, as over HTTP, and nothing is tried again. */
  readonly stamped: boolean;
  /** Of a put or delete in a strong keyspace: it is done only if this holds. */
  readonly condition?: IntentCondition;
  /** In a keyspace with siblings: what a write passes on of what its client had read. */
  readonly siblings?: KnownSiblings;
  /** Whether fallbacks may be counted; as the keyspace says if absent. */
  readonly sloppy?: boolean;
}

/** What a client knows of a key that may have several values. */
export interface KnownSiblings {
  /** As the read told it; `undefined`: nothing was read. */
  readonly context: Uint8Array | undefined;
  /** Fingerprints of the values that the read showed: what a write with the context replaces. */
  readonly values: readonly string[];
}

export const nothingKnown: KnownSiblings = { context: undefined, values: [] };

export type IntentCondition =
  | { readonly type: 'absent' }
  /** The key must have a value, and that under this version. */
  | { readonly type: 'version'; readonly version: Version };

/** How an operation ended, as the client can tell. */
export interface OperationResult {
  readonly outcome: 'applied' | 'superseded' | 'conflict' | 'rejected' | 'unknown' | 'found' | 'absent' | 'failed';
  readonly version: Version | undefined;
  readonly winner?: Version;
  readonly value?: Uint8Array;
  /** In a keyspace with siblings: all values that a read found, and the context that replaces them. */
  readonly values?: readonly Uint8Array[];
  readonly context?: Uint8Array;
  /** What the receipt says; true where there is none. */
  readonly strict?: boolean;
  /** Of a read: whether as many owners hold it as keep later reads from going behind it. True where nothing says so. */
  readonly lasting?: boolean;
}

/** All of a result but its value, as the trace records it; of several values their fingerprints. */
export function describeAnswer(id: string, { outcome, version, winner, values = [] }: OperationResult): string {
  const versions = [version, winner].map((named) => (named === undefined ? '-' : formatVersion(named)));
  return [id, outcome, ...versions, ...values.map(fingerprint)].join(' ');
}

/** What a reply means for the operation: its end, or that this try came to nothing. */
export type ReplyMeaning =
  | { readonly type: 'ended'; readonly result: OperationResult }
  /** The coordinator did not do it and never will, or could not read. */
  | { readonly type: 'refused' }
  /** The write may have happened. */
  | { readonly type: 'in-doubt'; readonly version: Version | undefined }
  /** This try did nothing; whether an earlier one of the same write did, nobody knows any more. */
  | { readonly type: 'forgotten' };

export function meaningOf(reply: Message, versionOf: (meta: Uint8Array) => Version): ReplyMeaning {
  switch (reply.type) {
    case 'write-reply':
      return writeMeaning(reply);
    case 'change-reply':
      return changeMeaning(reply);
    case 'get-reply': {
      const { mode, repairs } = reply.receipt;
      const counted = { strict: mode === 'strict', lasting: repairs.held >= repairs.needed };
      const version = reply.meta === undefined ? undefined : versionOf(reply.meta);
      if (reply.found === 'absent') return { type: 'ended', result: { outcome: 'absent', version, ...counted } };
      const value = reply.value ?? new Uint8Array(0);
      return { type: 'ended', result: { outcome: 'found', version, value: copyBytes(value), ...counted } };
    }
    case 'siblings': {
      const values = reply.siblings.map(({ value }) => copyBytes(value));
      const outcome = values.length === 0 ? 'absent' : 'found';
      const { context, receipt, version } = reply;
      const result = { outcome, version, values, strict: receipt.mode === 'strict' } as const;
      return { type: 'ended', result: { ...result, ...(context !== undefined && { context: copyBytes(context) }) } };
    }
    case 'error':
    case 'read-failed':
      return { type: 'refused' };
    default:
      throw new TypeError(`a client is never sent ${reply.type}`);
  }
}

function changeMeaning(reply: Extract<Message, { type: 'change-reply' }>): ReplyMeaning {
  switch (reply.outcome) {
    case 'applied':
    case 'conflict':
      return { type: 'ended', result: { outcome: reply.outcome, version: reply.version } };
    case 'unavailable':
      return { type: 'refused' };
    case 'unknown':
      return reply.reason === 'forgotten' ? { type: 'forgotten' } : { type: 'in-doubt', version: undefined };
  }
}

function writeMeaning(reply: Extract<Message, { type: 'write-reply' }>): ReplyMeaning {
  const { outcome, version, winner, receipt } = reply;
  const strict = receipt.mode === 'strict';
  switch (outcome) {
    case 'applied':
    case 'superseded':
      return { type: 'ended', result: { outcome, version, strict, ...(winner !== undefined && { winner }) } };
    case 'rejected':
      return { type: 'refused' };
    case 'unknown':
      return { type: 'in-doubt', version };
  }
}
