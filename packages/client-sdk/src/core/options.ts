/** What a call may say beside its key and value. In strong keyspaces a majority always answers: no `r`, `w` or `level`. */

import type { ConsistencyLevel } from '@kv/quorum';
import { KvError } from './errors.ts';

export interface CallOptions {
  /** Milliseconds until the call fails if it is not answered, 1 to 2^31-1. Default: the client's. */
  readonly timeoutMs?: number | undefined;
  /** Ends the call; what was sent already may still happen. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether other servers may be counted in the place of owners that are down; the receipt says whether they were. Default:
   * as the keyspace says. In strong keyspaces and those with siblings only owners count, and `true` is refused.
   */
  readonly sloppy?: boolean | undefined;
  /** By name how many replicas must answer, for instance `one` or `all`; instead of `r` or `w`. */
  readonly level?: ConsistencyLevel | undefined;
}

export interface ReadOptions extends CallOptions {
  /** Replicas that must answer, 1 to N. Default: a majority. */
  readonly r?: number | undefined;
}

export interface WriteOptions extends CallOptions {
  /** Replicas that must be durable, 1 to N. Default: a majority. */
  readonly w?: number | undefined;
  /**
   * In a keyspace with siblings: as a read of this key gave it. The write replaces what was read then and stands beside all
   * else. Default: nothing was read, and nothing is replaced.
   */
  readonly context?: string | undefined;
}

/** In a strong keyspace: what must hold for the write to be made. Without it there is `CONFLICT`, and nothing is changed. */
export interface DeleteOptions extends WriteOptions {
  /** The key has a value of this version, as an entry, a write or a conflict told it. */
  readonly ifMatch?: string | undefined;
}

export interface SetOptions extends DeleteOptions {
  /** The key has no value. Default false. */
  readonly ifAbsent?: boolean | undefined;
  /** Stored with the value. Default: by the kind of the value, bytes, text or JSON. */
  readonly contentType?: string | undefined;
  /** How long the value lives, in milliseconds from now; 0: for ever. Default: the keyspace's. */
  readonly ttlMs?: number | undefined;
}

/** No timer waits for longer. */
const longestTimeoutMs = 2 ** 31 - 1;

export function isTimeout(timeoutMs: number): boolean {
  return timeoutMs >= 1 && timeoutMs <= longestTimeoutMs;
}

/** @throws KvError INVALID_TIMEOUT */
export function checkTimeout(timeoutMs: number): void {
  if (!isTimeout(timeoutMs)) throw new KvError('INVALID_TIMEOUT', `a timeout is 1 to 2^31-1 ms, got ${timeoutMs}`);
}

/** @throws KvError INVALID_TTL */
export function checkedTtl(ttlMs: number): number {
  if (Number.isInteger(ttlMs) && ttlMs >= 0 && ttlMs < 2 ** 48) return ttlMs;
  throw new KvError('INVALID_TTL', `a time to live is 1 to 2^48-1 ms, or 0 for ever, got ${ttlMs}`);
}
