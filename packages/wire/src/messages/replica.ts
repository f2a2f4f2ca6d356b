/** What a coordinator asks of one replica. The replica stores and returns `meta` and `value` as they are. */
import type { Version } from '@kv/quorum';
import { longBytes } from '../layout/byte-strings.ts';
import { oneOf, struct } from '../layout/composites.ts';
import { key, meta, version } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { choice, constant, u16 } from '../layout/scalars.ts';

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

export const want: Layout<Want> = choice<Want>({ value: 1, version: 2 });

export const replicaWrite: Layout<ReplicaWrite> = struct<ReplicaWrite>({
  type: constant('replica-write'),
  partition: u16,
  key,
  meta,
  value: longBytes,
});

export const replicaWriteReply: Layout<ReplicaWriteReply> = struct<ReplicaWriteReply>({
  type: constant('replica-write-reply'),
  outcome: choice<ReplicaWriteReply['outcome']>({ applied: 1, superseded: 2 }),
  version,
});

export const replicaRead: Layout<ReplicaRead> = struct<ReplicaRead>({
  type: constant('replica-read'),
  partition: u16,
  key,
  want,
});

const replyType = constant('replica-read-reply');

export const replicaReadReply: Layout<ReplicaReadReply> = oneOf<ReplicaReadReply, 'found'>('found', {
  absent: [0, { type: replyType }],
  version: [1, { type: replyType, meta }],
  value: [2, { type: replyType, meta, value: longBytes }],
});
