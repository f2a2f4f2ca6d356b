/** What a coordinator asks of one replica. The replica stores and returns `meta` and `value` as they are. */
import type { Version } from '@kv/quorum';

/** How much of a record a read asks for: all of it, or what tells its version. */
export type Want = 'value' | 'version';

export interface ReplicaWrite {
  readonly type: 'replica-write';
  readonly partition: number;
  /** 1 to 4096 bytes. */
  readonly key: Uint8Array;
  /** A record meta, at most 255 bytes. */
  readonly meta: Uint8Array;
  /** As compressed as the meta says; empty for a tombstone. */
  readonly value: Uint8Array;
}

/** Sent once what the replica holds is durable. */
export interface ReplicaWriteReply {
  readonly type: 'replica-write-reply';
  readonly outcome: 'applied' | 'superseded';
  /** The version that the replica holds now: that of the write if `applied`, a newer one if `superseded`. */
  readonly version: Version;
}

export interface ReplicaRead {
  readonly type: 'replica-read';
  readonly partition: number;
  readonly key: Uint8Array;
  readonly want: Want;
}

/** A tombstone is held like a value: `absent` means that nothing at all is known of the key. */
export type ReplicaReadReply =
  | { readonly type: 'replica-read-reply'; readonly found: 'absent' }
  | { readonly type: 'replica-read-reply'; readonly found: 'version'; readonly meta: Uint8Array }
  | {
      readonly type: 'replica-read-reply';
      readonly found: 'value';
      readonly meta: Uint8Array;
      readonly value: Uint8Array;
    };
