/**
 * What a node has lost of one keyspace in one partition, because the bytes rotted, and has not got back yet from the other
 * owners: a format that lasts, drawn in docs/formats/loss.md.
 */
import { shortBytes } from './layout/byte-strings.ts';
import { list, struct } from './layout/composites.ts';
import { maxKeyBytes } from './layout/fields.ts';
import { versionedRecord } from './layout/versioned.ts';
import type { KeyRange } from './storage-key.ts';

export interface LossRecord {
  /** Storage keys of the range, ascending and not overlapping. */
  readonly lost: readonly KeyRange[];
}

/** Of one keyspace in one partition. */
export const maxLostRanges = 64;

/** A storage key, or the first string behind one. */
const bound = shortBytes(1, maxKeyBytes + 8);

const format = versionedRecord(
  'a loss record',
  1,
  struct<LossRecord>({
    lost: list(struct<KeyRange>({ gte: bound, lt: bound }), maxLostRanges),
  }),
);

/** @throws WireError MALFORMED for more than {@link maxLostRanges} */
export function encodeLossRecord(record: LossRecord): Uint8Array<ArrayBuffer> {
  return format.encode(record);
}

/** @throws WireError UNSUPPORTED_VERSION for a later layout, MALFORMED */
export function decodeLossRecord(bytes: Uint8Array): LossRecord {
  return format.decode(bytes);
}
