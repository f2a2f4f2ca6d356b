/**
 * How the owners of a range agree on its purge watermark: what the first of them asks of all members, and what repair says
 * so that nothing comes back that was purged. A range is a partition of the keyspace that the frame names.
 */
import type { Stamp } from '@kv/quorum';
import { longBytes } from '../layout/byte-strings.ts';
import { struct } from '../layout/composites.ts';
import { key, meta, stamp } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { choice, constant, u16 } from '../layout/scalars.ts';

/** Takes no hint of the range up to this any more, across restarts too, and tells whether one is kept. For every member. */
export interface PurgeHints {
  readonly type: 'purge-hints';
  readonly partition: number;
  readonly upTo: Stamp;
}

/** Takes no write of the range up to this any more from outside, across restarts too. For owners. */
export interface PurgeSeal {
  readonly type: 'purge-seal';
  readonly partition: number;
  readonly upTo: Stamp;
}

/** Sent once what was asked for is durable. */
export interface PurgeReply {
  readonly type: 'purge-reply';
  /** `held`: a hint up to the stamp is kept. */
  readonly outcome: 'clear' | 'held';
}

/** The watermark has risen to this: deletions up to it may go. For owners. */
export interface PurgeRaise {
  readonly type: 'purge-raise';
  readonly partition: number;
  readonly upTo: Stamp;
}

/** An owner holds deletions of the range: its first owner is to have the watermark raised. Not answered. */
export interface PurgeWanted {
  readonly type: 'purge-wanted';
  readonly partition: number;
}

/** A record on its way from one owner to another, by the owners' own repair. Answered by `replica-write-reply`. */
export interface RepairWrite {
  readonly type: 'repair-write';
  readonly partition: number;
  /** 1 to 4096 bytes. */
  readonly key: Uint8Array;
  /** A record meta, at most 255 bytes. */
  readonly meta: Uint8Array;
  /** As compressed as the meta says; empty for a tombstone. */
  readonly value: Uint8Array;
  /** The sender's purge watermark when it read the record. */
  readonly watermark: Stamp;
}

export const purgeHints: Layout<PurgeHints> = struct<PurgeHints>({
  type: constant('purge-hints'),
  partition: u16,
  upTo: stamp,
});

export const purgeSeal: Layout<PurgeSeal> = struct<PurgeSeal>({
  type: constant('purge-seal'),
  partition: u16,
  upTo: stamp,
});

export const purgeReply: Layout<PurgeReply> = struct<PurgeReply>({
  type: constant('purge-reply'),
  outcome: choice<PurgeReply['outcome']>({ clear: 1, held: 2 }),
});

export const purgeRaise: Layout<PurgeRaise> = struct<PurgeRaise>({
  type: constant('purge-raise'),
  partition: u16,
  upTo: stamp,
});

export const purgeWanted: Layout<PurgeWanted> = struct<PurgeWanted>({
  type: constant('purge-wanted'),
  partition: u16,
});

export const repairWrite: Layout<RepairWrite> = struct<RepairWrite>({
  type: constant('repair-write'),
  partition: u16,
  key,
  meta,
  value: longBytes,
  watermark: stamp,
});
