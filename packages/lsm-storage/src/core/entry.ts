/** What the engine stores and what it answers: the words of its public surface. */

/** What the store knows about a key. The bytes are the caller's own copies. */
export interface Entry {
  /** Caller bytes that are kept with the key and can be read without the value; empty when none were given. */
  readonly meta: Uint8Array;
  /** `undefined`: a tombstone, which only entries with meta leave behind for readers. */
  readonly value: Uint8Array | undefined;
  /** Milliseconds since 1970 from which on the entry is a tombstone of the same meta; 0: it has none. */
  readonly deadline: number;
}

export interface KeyedEntry extends Entry {
  readonly key: Uint8Array;
}

/** An entry without its value. */
export interface EntryMeta {
  readonly meta: Uint8Array;
  readonly deadline: number;
  readonly tombstone: boolean;
}

export interface KeyedMeta extends EntryMeta {
  readonly key: Uint8Array;
}

/** What a merge of two versions comes to. */
export interface Merged {
  readonly meta: Uint8Array;
  /** `undefined`: a tombstone. */
  readonly value: Uint8Array | undefined;
  /** Default 0: none. */
  readonly deadline?: number;
}

/** A version that is offered to the store. */
export interface Offered {
  readonly meta: Uint8Array;
  /** `undefined`: a tombstone. */
  readonly value: Uint8Array | undefined;
  /** Default 0: none. */
  readonly deadline?: number;
}

/**
 * Judges an incoming version against the one the engine holds (`undefined`: none). Called synchronously, at most once
 * per `apply`, where the order of writes is fixed: no other write comes between the judgement and its effect. Must
 * not call the engine, change the bytes or keep them. `currentValue` reads the value held (`undefined`: a tombstone).
 */
export type Decide = (
  current: Uint8Array | undefined,
  incoming: Uint8Array,
  currentValue: () => Uint8Array | undefined,
) => 'keep' | 'replace' | Merged;

export interface Applied {
  /** `kept`: the engine held something that `decide` preferred, and still holds it. */
  readonly outcome: 'replaced' | 'kept' | 'merged';
  /** The meta that the engine holds for the key now; the caller's own copy. Empty when a `kept` key holds none. */
  readonly meta: Uint8Array;
}

/** Bounds are by byte order. `gt` wins over `gte` and `lt` over `lte` where both are given. */
export interface ScanRange {
  readonly gte?: Uint8Array;
  readonly gt?: Uint8Array;
  readonly lte?: Uint8Array;
  readonly lt?: Uint8Array;
  /** Default false: ascending. */
  readonly reverse?: boolean;
  /** Stop after so many entries; default: no limit. */
  readonly limit?: number;
}

export const MAX_KEY_BYTES = 65_535;
export const MAX_META_BYTES = 255;
export const MAX_VALUE_BYTES: number = 16 * 1024 * 1024;
