/** What a client is told of a read: a tombstone is an absent key that remembers its version. */
import type { Codec } from '@kv/lsm-storage/core';
import { openRecord } from '../record.ts';
import type { GetResult } from '../requests.ts';
import type { StoredReadResult } from './read-driver.ts';

export function clientResult(result: StoredReadResult, codec: Codec): GetResult {
  if (result.outcome !== 'found') return result;
  const { version, receipt } = result;
  const opened = openRecord(result.value, codec);
  if (opened === undefined) return { outcome: 'absent', version, receipt };
  return { outcome: 'found', version, contentType: opened.meta.contentType, value: opened.value, receipt };
}
