/**
 * What a coordinator is asked, and what it answers. A member never changes the bytes that it is given, and the caller must
 * not before the request's deadline: hints for owners that stay late are made of them.
 */
import type { ConsistencyLevel, Receipt, Version, WriteResult } from '@kv/quorum';
import type { ChangeCondition, ChangeFailure } from '@kv/wire';
import type { OpenedValue } from './record.ts';

export interface RequestOptions {
  /** Name of the keyspace. */
  readonly keyspace: string;
  /** 1 to 4096 bytes. */
  readonly key: Uint8Array;
  /** By name how many replicas must answer; instead of `r` or `w`. */
  readonly level?: ConsistencyLevel | undefined;
  /** Whether other servers may be counted in the place of owners that are down. Default: as the keyspace says. */
  readonly sloppy?: boolean | undefined;
  /** Milliseconds from now after which nobody waits for the answer any more, 60 000 at the most. Default 5000. */
  readonly timeoutMs?: number | undefined;
}

export interface GetRequest extends RequestOptions {
  /** Replicas that must answer, 1..N. Default: a majority. */
  readonly r?: number | undefined;
}

export interface PutRequest extends RequestOptions {
  readonly value: Uint8Array;
  readonly contentType: string;
  /** How long the value lives from its version's stamp on, in milliseconds; 0: for ever. Default: the keyspace's. */
  readonly ttlMs?: number | undefined;
  /** Replicas that must be durable, 1..N. Default: a majority. */
  readonly w?: number | undefined;
  /** The version stamped by the client, the same for every try of one write. Default: stamped by the coordinator. */
  readonly version?: Version | undefined;
  /** See {@link DeleteRequest.context}. */
  readonly context?: Uint8Array | undefined;
}

export interface DeleteRequest extends RequestOptions {
  readonly w?: number | undefined;
  readonly version?: Version | undefined;
  /**
   * In a keyspace with siblings: what its writer had read of the key, as the read told. The write replaces what that covers
   * and stands beside all else. Default: nothing was read, and nothing is replaced.
   */
  readonly context?: Uint8Array | undefined;
}

/** A value as its client wrote it. */
export interface FoundValue {
  readonly version: Version;
  readonly contentType: string;
  readonly value: Uint8Array;
}

/**
 * `deadline`: milliseconds since 1970 until when the value lives; for ever if absent.
 * `context`: in a keyspace with siblings, to be passed back by a write that replaces what was read.
 */
export type GetResult =
  | ({
      readonly outcome: 'found';
      readonly context?: Uint8Array;
      readonly deadline?: number;
      readonly receipt: Receipt;
    } & FoundValue)
  /** `version`: of the tombstone, when the key was deleted, or of the value whose time to live is over. */
  | {
      readonly outcome: 'absent';
      readonly version?: Version;
      readonly context?: Uint8Array;
      readonly receipt: Receipt;
    }
  /** Writes that knew nothing of each other, two or more, in the order of their versions. */
  | {
      readonly outcome: 'siblings';
      readonly siblings: readonly FoundValue[];
      readonly context: Uint8Array;
      readonly receipt: Receipt;
    }
  | { readonly outcome: 'unavailable' | 'repair-incomplete' | 'timed-out'; readonly receipt: Receipt };

export interface PutResult extends WriteResult {
  /** Of the value that was put: milliseconds since 1970 until when it lives; for ever if absent. */
  readonly deadline?: number;
  /**
   * In a keyspace with siblings: how many the key has after this write, as the owner that made it knows. More than one: there
   * are values beside this one that its writer had not read.
   */
  readonly siblings?: number;
}

/** A change of a key in a strong keyspace. */
export interface ChangeRequest extends RequestOptions {
  readonly to:
    | {
        readonly type: 'put';
        readonly value: Uint8Array;
        readonly contentType: string;
        /** How long the value lives from its version's stamp on, in milliseconds; 0: for ever. Default: the keyspace's. */
        readonly ttlMs?: number | undefined;
      }
    | { readonly type: 'delete' };
  /** What must hold of the key for the change to be made. Default: nothing. */
  readonly condition?: ChangeCondition | undefined;
  /**
   * Stamped by the client, the same for every try of one change, which is then made once. Default: stamped by the
   * coordinator; then each try is a change of its own.
   */
  readonly operation?: Version | undefined;
}

export type ChangeResult =
  /** `version`: that of the key from now on, above the one before. `deadline`: until when a value that was put lives. */
  | { readonly outcome: 'applied'; readonly version: Version; readonly deadline?: number; readonly receipt: Receipt }
  /**
   * The condition did not hold: nothing was changed, and no try of this change will change anything. `version`: of the
   * value that stood in the way, if there was one; `current`: that value, where it is still there.
   */
  | {
      readonly outcome: 'conflict';
      readonly version?: Version;
      readonly current?: OpenedValue;
      readonly receipt: Receipt;
    }
  /** This try changed nothing and never will. */
  | { readonly outcome: 'unavailable'; readonly reason: ChangeFailure; readonly receipt: Receipt }
  /** It may have been made, or may yet be; trying it again under the same stamp is the way to find out. */
  | { readonly outcome: 'unknown'; readonly reason: ChangeFailure; readonly receipt: Receipt };
