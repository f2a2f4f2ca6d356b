/** What a coordinator is asked, and what it answers. Bytes are the caller's; a member never changes or keeps them. */
import type { ConsistencyLevel, Receipt, Version, WriteResult } from '@kv/quorum';

export interface RequestOptions {
  /** Name of the keyspace. */
  readonly keyspace: string;
  /** 1 to 4096 bytes. */
  readonly key: Uint8Array;
  /** By name how many replicas must answer; instead of `r` or `w`. */
  readonly level?: ConsistencyLevel | undefined;
  /** Milliseconds from now after which nobody waits for the answer any more. Default 5000. */
  readonly timeoutMs?: number | undefined;
}

export interface GetRequest extends RequestOptions {
  /** Replicas that must answer, 1..N. Default: a majority. */
  readonly r?: number | undefined;
}

export interface PutRequest extends RequestOptions {
  readonly value: Uint8Array;
  readonly contentType: string;
  /** Replicas that must be durable, 1..N. Default: a majority. */
  readonly w?: number | undefined;
  /** The version stamped by the client, the same for every try of one write. Default: stamped by the coordinator. */
  readonly version?: Version | undefined;
}

export interface DeleteRequest extends RequestOptions {
  readonly w?: number | undefined;
  readonly version?: Version | undefined;
}

export type GetResult =
  | {
      readonly outcome: 'found';
      readonly version: Version;
      readonly contentType: string;
      readonly value: Uint8Array;
      readonly receipt: Receipt;
    }
  /** `version`: of the tombstone, when the key was deleted. */
  | { readonly outcome: 'absent'; readonly version?: Version; readonly receipt: Receipt }
  | { readonly outcome: 'unavailable' | 'repair-incomplete' | 'timed-out'; readonly receipt: Receipt };

export type PutResult = WriteResult;
