/** A change as it was asked for, made ready for any number of attempts: its value is compressed once. */
import { type Codec, noCodec } from '@kv/lsm-storage/core';
import type { Version } from '@kv/quorum';
import { decodeRecordMeta, encodeRecordMeta, type TopologyKeyspace } from '@kv/wire';
import { RequestError } from '../../errors.ts';
import type { ClusterNodeOptions } from '../../options.ts';
import { type StoredRecord, tombstoneRecord, valueRecord } from '../../record.ts';
import type { ChangeRequest } from '../../requests.ts';
import { checkContentType, checkValue, checkVersion } from '../request-checks.ts';
import type { PlannedChange } from './change-driver.ts';

type PutTo = Extract<ChangeRequest['to'], { readonly type: 'put' }>;

const noVersion: Version = { ms: 0, counter: 0, actor: '0'.repeat(32) };

/** @throws RequestError for a value, a content type or a version that cannot be */
export function planChange(
  { operation, condition = { type: 'none' }, to }: ChangeRequest,
  keyspace: TopologyKeyspace,
  { codec, options }: { readonly codec: Codec; readonly options: ClusterNodeOptions },
): PlannedChange {
  if (condition.type === 'version') checkVersion(condition.version);
  if (to.type === 'delete') return { operation, condition, record: tombstoneRecord, bytes: 0 };
  checkValue(to.value, options.maxValueBytes);
  checkContentType(to.contentType);
  return {
    operation,
    condition,
    record: recordsOf(to, keyspace, keyspace.compressed ? codec : noCodec),
    bytes: to.value.length,
  };
}

/** Which version the value gets is known only when the one before is. */
function recordsOf(to: PutTo, { ttlMs: usual }: TopologyKeyspace, codec: Codec): (version: Version) => StoredRecord {
  const { meta, value } = valueRecord(noVersion, to.contentType, to.value, codec);
  const fields = decodeRecordMeta(meta);
  const ttlMs = to.ttlMs ?? usual ?? 0;
  if (!Number.isInteger(ttlMs) || ttlMs < 0 || ttlMs >= 2 ** 48) {
    throw new RequestError('INVALID_TTL', `a time to live is 0 to 2^48-1 milliseconds, got ${ttlMs}`);
  }
  return (version) => {
    const deadline = ttlMs === 0 ? {} : { deadline: version.ms + ttlMs };
    return { meta: encodeRecordMeta({ ...fields, version, ...deadline }), value };
  };
}
