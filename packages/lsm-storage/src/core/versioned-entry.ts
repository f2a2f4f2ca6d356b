/** An entry as memtables, runs and the merges of them hand it on: its bytes may be views of the engine's memory. */

import type { Slot } from './cache/slot-queue.ts';

/** Where a block lies in its file; `storedLength` is without the block's header. */
export interface BlockPointer {
  readonly position: number;
  readonly storedLength: number;
}

/** A value in a block of its own in a value file; `rawLength` is the value's length. */
export interface ValuePointer extends BlockPointer {
  readonly file: number;
  readonly rawLength: number;
  /** Where the cache had the value last: noted by its value file, for the next who is given this same pointer. */
  slot?: Slot | undefined;
}

/** A value that was compressed on its way in: the same bytes are logged, kept in memory and put into a value file. */
export class PackedValue {
  /** What the codec made of it: a view. */
  readonly stored: Uint8Array;
  /** The id of the codec. */
  readonly codec: number;
  readonly rawLength: number;

  constructor(stored: Uint8Array, codec: number, rawLength: number) {
    this.stored = stored;
    this.codec = codec;
    this.rawLength = rawLength;
  }
}

export interface VersionedEntry {
  readonly key: Uint8Array;
  /** Empty when none was given. */
  readonly meta: Uint8Array;
  /** Milliseconds since 1970; 0: none. */
  readonly deadline: number;
  /** The value, or where it lies, or `undefined` for a tombstone. */
  readonly value: Uint8Array | PackedValue | ValuePointer | undefined;
}

/** An entry of a run: values are inline, or in a value file. */
export interface RunEntry extends VersionedEntry {
  readonly value: Uint8Array | ValuePointer | undefined;
}

/** Deletes every older entry with `from <= key < to`. */
export interface KeyRange {
  readonly from: Uint8Array;
  /** Exclusive; `undefined`: no end. */
  readonly to: Uint8Array | undefined;
}
