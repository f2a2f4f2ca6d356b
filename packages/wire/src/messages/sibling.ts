/**
 * Keyspaces with siblings: what a coordinator asks of the owner that gives a write its dot, and what a client asks of a
 * coordinator. A context travels as a client carries it, see `siblings/sibling-context.ts`.
 */
import type { Receipt, Version } from '@kv/quorum';
import { longBytes, printableText, shortBytes, text } from '../layout/byte-strings.ts';
import { list, optional, struct } from '../layout/composites.ts';
import { key, maxContentTypeBytes, version } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { choice, constant, u16, u32, u8 } from '../layout/scalars.ts';
import { maxContextBytes } from '../siblings/sibling-context.ts';
import { receipt } from './receipt.ts';

/** A value beside its write; as in `put`. */
export interface SiblingContent {
  /** Printable ASCII, at most 128 bytes. */
  readonly contentType: string;
  /** Id of the codec that `value` is compressed with; 0 is plain. */
  readonly codec: number;
  /** Bytes of the value once decompressed. */
  readonly rawLength: number;
  readonly value: Uint8Array;
}

/** To an owner of the key: make this write, with a dot of yours, durable on W owners. */
export interface SiblingWriteRequest {
  readonly type: 'sibling-write';
  readonly partition: number;
  /** 1 to 4096 bytes. */
  readonly key: Uint8Array;
  /** The write's id, the same for each try. */
  readonly version: Version;
  /** What the writer had read; absent: nothing, and then nothing is replaced. */
  readonly context?: Uint8Array;
  /** Absent: deletes what the context covers. */
  readonly content?: SiblingContent;
  /** Owners that must be durable. */
  readonly w: number;
}

export interface SiblingWriteReply {
  readonly type: 'sibling-write-reply';
  /** `unknown` for all that may have happened. */
  readonly outcome: 'applied' | 'rejected' | 'unknown';
  /** The write's id. */
  readonly version: Version;
  /** How many siblings the key has, as the owner that gave the dot knows; of an applied write. */
  readonly siblings?: number;
  /** Stable code of a rejected or unknown outcome, at most 64 bytes. */
  readonly reason?: string;
  readonly receipt: Receipt;
}

/** A client reads all siblings of a key. Answered by `siblings`, `read-failed` or `error`. */
export interface GetSiblings {
  readonly type: 'get-siblings';
  /** 1 to 4096 bytes. */
  readonly key: Uint8Array;
  /** Replicas that must answer; the keyspace's default if absent. */
  readonly r?: number;
}

export interface FoundSibling extends SiblingContent {
  /** The id of the write that stored it. */
  readonly version: Version;
}

export interface Siblings {
  readonly type: 'siblings';
  /** The highest write id known of the key; absent where it was never written. */
  readonly version?: Version;
  /** In the order of their versions. None: the key is deleted, or was never written. At most 1024. */
  readonly siblings: readonly FoundSibling[];
  /** To be passed back by who replaces them; absent where the key was never written. */
  readonly context?: Uint8Array;
  readonly receipt: Receipt;
}

/** A client writes beside what its context does not cover. Answered by `write-reply` or `error`. */
export interface PutSibling {
  readonly type: 'put-sibling';
  /** 1 to 4096 bytes. */
  readonly key: Uint8Array;
  /** Stamped by the client so that a retry is the same write; the cluster stamps if absent. */
  readonly version?: Version;
  readonly context?: Uint8Array;
  /** Absent: deletes what the context covers. */
  readonly content?: SiblingContent;
  /** Replicas that must acknowledge; the keyspace's default if absent. */
  readonly w?: number;
}

const context = optional(shortBytes(1, maxContextBytes));
const contentFields = {
  contentType: printableText(maxContentTypeBytes),
  codec: u8,
  rawLength: u32,
  value: longBytes,
} as const;
const content = optional(struct<SiblingContent>(contentFields));

export const siblingWrite: Layout<SiblingWriteRequest> = struct<SiblingWriteRequest>({
  type: constant('sibling-write'),
  partition: u16,
  key,
  version,
  context,
  content,
  w: u8,
});

export const siblingWriteReply: Layout<SiblingWriteReply> = struct<SiblingWriteReply>({
  type: constant('sibling-write-reply'),
  outcome: choice<SiblingWriteReply['outcome']>({ applied: 1, rejected: 3, unknown: 4 }),
  version,
  siblings: optional(u16),
  reason: optional(text(64)),
  receipt,
});

export const getSiblings: Layout<GetSiblings> = struct<GetSiblings>({
  type: constant('get-siblings'),
  key,
  r: optional(u8),
});

export const siblings: Layout<Siblings> = struct<Siblings>({
  type: constant('siblings'),
  version: optional(version),
  siblings: list(struct<FoundSibling>({ version, ...contentFields }), 1024),
  context,
  receipt,
});

export const putSibling: Layout<PutSibling> = struct<PutSibling>({
  type: constant('put-sibling'),
  key,
  version: optional(version),
  context,
  content,
  w: optional(u8),
});
