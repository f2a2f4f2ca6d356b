/** One operation of a simulated client, from its first try to its end. */
import { formatVersion, type Version } from '@kv/quorum';
import type { Message } from '@kv/wire';

export interface OperationIntent {
  readonly kind: 'get' | 'put' | 'delete';
  readonly key: string;
  /** R of a get, W of a put or delete. */
  readonly quorum: number;
  /** The bytes of a put. */
  readonly value?: Uint8Array;
  /** Whether the client stamps its write; else its coordinator does, as over HTTP, and nothing is tried again. */
  readonly stamped: boolean;
}

/** How an operation ended, as the client can tell. */
export interface OperationResult {
  readonly outcome: 'applied' | 'superseded' | 'rejected' | 'unknown' | 'found' | 'absent' | 'failed';
  readonly version: Version | undefined;
  readonly winner?: Version;
  readonly value?: Uint8Array;
}

/** All of a result but its value, as the trace records it. */
export function describeAnswer(id: string, { outcome, version, winner }: OperationResult): string {
  const versions = [version, winner].map((named) => (named === undefined ? '-' : formatVersion(named)));
  return `${id} ${outcome} ${versions.join(' ')}`;
}

/** What a reply means for the operation: its end, or that this try came to nothing. */
export type ReplyMeaning =
  | { readonly type: 'ended'; readonly result: OperationResult }
  /** The coordinator did not do it and never will, or could not read. */
  | { readonly type: 'refused' }
  /** The write may have happened. */
  | { readonly type: 'in-doubt'; readonly version: Version };

export function meaningOf(reply: Message, versionOf: (meta: Uint8Array) => Version): ReplyMeaning {
  switch (reply.type) {
    case 'write-reply':
      return writeMeaning(reply);
    case 'get-reply': {
      const version = reply.meta === undefined ? undefined : versionOf(reply.meta);
      if (reply.found === 'absent') return { type: 'ended', result: { outcome: 'absent', version } };
      const value = reply.value ?? new Uint8Array(0);
      return { type: 'ended', result: { outcome: 'found', version, value: value.slice() } };
    }
    case 'error':
    case 'read-failed':
      return { type: 'refused' };
    default:
      throw new TypeError(`a client is never sent ${reply.type}`);
  }
}

function writeMeaning(reply: Extract<Message, { type: 'write-reply' }>): ReplyMeaning {
  const { outcome, version, winner } = reply;
  switch (outcome) {
    case 'applied':
    case 'superseded':
      return { type: 'ended', result: { outcome, version, ...(winner !== undefined && { winner }) } };
    case 'rejected':
      return { type: 'refused' };
    case 'unknown':
      return { type: 'in-doubt', version };
  }
}
