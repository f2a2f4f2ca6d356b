/** What the engine stores and what it answers: the words of its public surface. */

/** The bytes are the caller's own copies. */
export interface Entry {
  readonly meta: Uint8Array;
  readonly value: Uint8Array;
}

export interface KeyedMeta {
  readonly key: Uint8Array;
  readonly meta: Uint8Array;
}

export interface KeyedEntry extends KeyedMeta, Entry {}

/**
 * Judges an incoming version against the one the engine holds (`undefined`: none). Called synchronously, at most once
 * per `apply`, where the order of writes is fixed: no other write comes between the judgement and its effect. Must
 * not call the engine, change the bytes or keep them.
 */
export type Decide = (current: Uint8Array | undefined, incoming: Uint8Array) => 'keep' | 'replace';

export interface Applied {
  /** `kept`: the engine held something that `decide` preferred, and still holds it. */
  readonly outcome: 'replaced' | 'kept';
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
