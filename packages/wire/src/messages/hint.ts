/**
 * Hinted handoff: what a coordinator asks of a server that stands in for an owner, and what such a server tells owners.
 * Answered by `replica-write-reply` and `replica-read-reply`.
 */
import { longBytes } from '../layout/byte-strings.ts';
import { struct } from '../layout/composites.ts';
import { key, meta, uuid } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { constant, u16 } from '../layout/scalars.ts';

/** Keep a record until its owner is back. */
export interface HintWrite {
  readonly type: 'hint-write';
  readonly partition: number;
  readonly intendedOwner: string;
  /** 1 to 4096 bytes. */
  readonly key: Uint8Array;
  /** A record meta, at most 255 bytes. */
  readonly meta: Uint8Array;
  /** As compressed as the meta says; empty for a tombstone. */
  readonly value: Uint8Array;
}

/** The newest record that is kept for the key, for whichever owner. */
export interface HintRead {
  readonly type: 'hint-read';
  readonly partition: number;
  readonly key: Uint8Array;
}

/** Hints were dropped: what they held is missing at an owner of the range, and repair should begin with it. */
export interface RangeDirty {
  readonly type: 'range-dirty';
  readonly partition: number;
  readonly intendedOwner: string;
}

export const hintWrite: Layout<HintWrite> = struct<HintWrite>({
  type: constant('hint-write'),
  partition: u16,
  intendedOwner: uuid,
  key,
  meta,
  value: longBytes,
});

export const hintRead: Layout<HintRead> = struct<HintRead>({ type: constant('hint-read'), partition: u16, key });

export const rangeDirty: Layout<RangeDirty> = struct<RangeDirty>({
  type: constant('range-dirty'),
  partition: u16,
  intendedOwner: uuid,
});
