/** What a client asks of a coordinator, and the answers with their receipts. */
import type { Receipt, Version } from '@kv/quorum';
import type { Want } from './replica.ts';

export interface Get {
  readonly type: 'get';
  /** 1 to 4096 bytes. */
  readonly key: Uint8Array;
  /** Replicas that must answer; the keyspace's default if absent. */
  readonly r?: number;
  readonly want: Want;
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
  /** Time to live in milliseconds from the version's stamp, an integer in [0, 2^48); for ever if absent. */
  readonly ttlMs?: number;
  /** Replicas that must acknowledge; the keyspace's default if absent. */
  readonly w?: number;
}

export interface Delete {
  readonly type: 'delete';
  readonly key: Uint8Array;
  readonly version?: Version;
  readonly w?: number;
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
