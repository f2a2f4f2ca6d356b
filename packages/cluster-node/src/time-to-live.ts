/**
 * Time to live: until when a value lives. The deadline follows from the version, so that a write that is tried again has
 * the same one.
 */
import type { Version } from '@kv/quorum';
import type { TopologyKeyspace } from '@kv/wire';
import { RequestError } from './errors.ts';

/** The longest time to live: what 48 bits of milliseconds hold, almost 9000 years. */
const maxTtlMs = 2 ** 48 - 1;
/** The last deadline, whatever would be later: the end of the year 9999, behind which RFC 3339 has no dates. */
export const maxDeadlineMs = 253_402_300_799_999;

/**
 * What a put asks for, or else its keyspace; `undefined`: for ever.
 * @param asked milliseconds; 0: for ever, whatever the keyspace says
 * @throws RequestError INVALID_TTL
 */
export function ttlOf(asked: number | undefined, keyspace: TopologyKeyspace): number | undefined {
  const ttlMs = asked ?? keyspace.ttlMs ?? 0;
  if (Number.isInteger(ttlMs) && ttlMs >= 0 && ttlMs <= maxTtlMs) return ttlMs === 0 ? undefined : ttlMs;
  const needed = 'a time to live is 1 to 2^48-1 ms, or 0 for ever';
  throw new RequestError('INVALID_TTL', `${needed}, got ${ttlMs}`);
}

/** Milliseconds since 1970 from which on the value of this version is a tombstone. */
export function deadlineOf({ ms }: Version, ttlMs: number | undefined): number | undefined {
  return ttlMs === undefined ? undefined : Math.min(ms + ttlMs, maxDeadlineMs);
}
