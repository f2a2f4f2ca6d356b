/**
 * What a node has lost of one keyspace in one partition, because the bytes rotted, and has not got back yet from the other
 * owners: a format that lasts, drawn in docs/formats/loss.md.
 */
import { malformed, WireError } from './errors.ts';
import { shortBytes } from './layout/byte-strings.ts';
import { list, struct } from './layout/composites.ts';
import { maxKeyBytes } from './layout/fields.ts';
import { decode, encode } from './layout/layout.ts';
import { u8 } from './layout/scalars.ts';
import type { KeyRange } from './storage-key.ts';

export interface LossRecord {
  /** Storage keys of the range, ascending and not overlapping. */
  readonly lost: readonly KeyRange[];
}

/** Of one keyspace in one partition. */
export const maxLostRanges = 64;

const layoutVersion = 1;
/** A storage key, or the first string behind one. */
const bound = shortBytes(1, maxKeyBytes + 8);

const envelope = struct<LossRecord & { readonly layout: number }>({
  layout: u8,
  lost: list(struct<KeyRange>({ gte: bound, lt: bound }), maxLostRanges),
});

/** @throws WireError MALFORMED for more than {@link maxLostRanges} */
export function encodeLossRecord(record: LossRecord): Uint8Array<ArrayBuffer> {
  return encode(envelope, { ...record, layout: layoutVersion });
}

/** @throws WireError UNSUPPORTED_VERSION for a later layout, MALFORMED */
export function decodeLossRecord(bytes: Uint8Array): LossRecord {
  const [found = 0] = bytes;
  if (found > layoutVersion) {
    throw new WireError('UNSUPPORTED_VERSION', `needed a loss record of layout ${layoutVersion}, got layout ${found}`);
  }
  const { layout, ...record } = decode(envelope, bytes);
  if (layout !== layoutVersion) {
    throw malformed(`needed a loss record of layout ${layoutVersion}, got layout ${layout}`);
  }
  return record;
}
