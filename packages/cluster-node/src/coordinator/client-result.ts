/** What a client is told of a read: a tombstone is an absent key that remembers its version. */
import type { Codec } from '@kv/lsm-storage/core';
import { openRecord } from '../record.ts';
import type { GetResult } from '../requests.ts';
import type { StoredReadResult } from './read-driver.ts';

/** @param nowMs what deadlines are held against, the same for the whole request */
export function clientResult(result: StoredReadResult, codec: Codec, nowMs: number): GetResult {
  if (result.outcome !== 'found') return result;
  const { version, receipt } = result;
  const opened = openRecord(result.value, codec, nowMs);
  if (opened === undefined) return { outcome: 'absent', version, receipt };
  const { contentType, deadline } = opened.meta;
  const expiry = deadline === undefined ? {} : { deadline };
  return { outcome: 'found', version, contentType, value: opened.value, ...expiry, receipt };
}
