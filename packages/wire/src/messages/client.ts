/** What a client asks of a coordinator, and the answers with their receipts. */
import type { Receipt, Version } from '@kv/quorum';
import { longBytes, printableText, text } from '../layout/byte-strings.ts';
import { oneOf, optional, struct } from '../layout/composites.ts';
import { key, maxContentTypeBytes, meta, version } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { boolean, choice, constant, u32, u48, u8 } from '../layout/scalars.ts';
import { receipt } from './receipt.ts';
import { type Want, want } from './replica.ts';

export interface Get {
  readonly type: 'get';
  /** 1 to 4096 bytes. */
  readonly key: Uint8Array;
  /** Replicas that must answer; the keyspace's default if absent. */
  readonly r?: number;
  readonly want: Want;
  /** Whether fallbacks may be counted; as the keyspace says if absent. */
  readonly sloppy?: boolean;
}

export type GetReply =
  | {
      readonly type: 'get-reply';
      readonly found: 'absent';
      /** The record meta of the tombstone found, if any: its version is what a session must not go behind. */
      readonly meta?: Uint8Array;
      readonly receipt: Receipt;
    }
  | {
      readonly type: 'get-reply';
      readonly found: 'found';
      readonly meta: Uint8Array;
      /** Present if it was wanted; as compressed as the meta says. */
      readonly value?: Uint8Array;
      readonly receipt: Receipt;
    };

export interface Put {
  readonly type: 'put';
  /** 1 to 4096 bytes. */
  readonly key: Uint8Array;
  /** Stamped by the client so that a retry is the same write; the coordinator stamps if absent. */
  readonly version?: Version;
  /** Printable ASCII, at most 128 bytes. */
  readonly contentType: string;
  /** Id of the codec that `value` is compressed with; 0 is plain. */
  readonly codec: number;
  /** Bytes of the value once decompressed. */
  readonly rawLength: number;
  readonly value: Uint8Array;
  /**
   * Time to live in milliseconds from the version's stamp, an integer in [0, 2^48); 0: for ever. The keyspace's default if
   * absent.
   */
  readonly ttlMs?: number;
  /** Replicas that must acknowledge; the keyspace's default if absent. */
  readonly w?: number;
  /** Whether fallbacks may be counted; as the keyspace says if absent. */
  readonly sloppy?: boolean;
}

export interface Delete {
  readonly type: 'delete';
  readonly key: Uint8Array;
  readonly version?: Version;
  readonly w?: number;
  readonly sloppy?: boolean;
}

export interface WriteReply {
  readonly type: 'write-reply';
  /** `unknown` for all that may have happened; never an error. */
  readonly outcome: 'applied' | 'superseded' | 'rejected' | 'unknown';
  /** The version of this write, also where the coordinator stamped it. */
  readonly version: Version;
  /** The newer version that won over a superseded write. */
  readonly winner?: Version;
  /** False where some replica may show otherwise until it is repaired. */
  readonly certain: boolean;
  /** Stable code of a rejected or unknown outcome, at most 64 bytes. */
  readonly reason?: string;
  readonly receipt: Receipt;
}

/** A read that could not be answered within its promise. */
export interface ReadFailed {
  readonly type: 'read-failed';
  readonly outcome: 'unavailable' | 'repair-incomplete' | 'timed-out';
  readonly receipt: Receipt;
}

export const get: Layout<Get> = struct<Get>({
  type: constant('get'),
  key,
  r: optional(u8),
  want,
  sloppy: optional(boolean),
});

const replyType = constant('get-reply');

export const getReply: Layout<GetReply> = oneOf<GetReply, 'found'>('found', {
  absent: [0, { type: replyType, meta: optional(meta), receipt }],
  found: [1, { type: replyType, meta, value: optional(longBytes), receipt }],
});

export const put: Layout<Put> = struct<Put>({
  type: constant('put'),
  key,
  version: optional(version),
  contentType: printableText(maxContentTypeBytes),
  codec: u8,
  rawLength: u32,
  value: longBytes,
  ttlMs: optional(u48),
  w: optional(u8),
  sloppy: optional(boolean),
});

export const deleteKey: Layout<Delete> = struct<Delete>({
  type: constant('delete'),
  key,
  version: optional(version),
  w: optional(u8),
  sloppy: optional(boolean),
});

export const writeReply: Layout<WriteReply> = struct<WriteReply>({
  type: constant('write-reply'),
  outcome: choice<WriteReply['outcome']>({ applied: 1, superseded: 2, rejected: 3, unknown: 4 }),
  version,
  winner: optional(version),
  certain: boolean,
  reason: optional(text(64)),
  receipt,
});

export const readFailed: Layout<ReadFailed> = struct<ReadFailed>({
  type: constant('read-failed'),
  outcome: choice<ReadFailed['outcome']>({ unavailable: 1, 'repair-incomplete': 2, 'timed-out': 3 }),
  receipt,
});
