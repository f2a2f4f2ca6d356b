/**
 * How far one keyspace in one partition was purged, and up to where this node takes nothing any more from outside: a format
 * that lasts, drawn in docs/formats/purge.md.
 */
import type { Stamp } from '@kv/quorum';
import { struct } from './layout/composites.ts';
import { stamp } from './layout/fields.ts';
import { versionedRecord } from './layout/versioned.ts';

export interface PurgeRecord {
  /** The purge watermark: deletions up to it may be forgotten. Never above `sealed`. */
  readonly watermark: Stamp;
  /** Writes up to it are refused unless they come from the owners' own repair. Never above `hintsSealed`. */
  readonly sealed: Stamp;
  /** Hints up to it are refused. */
  readonly hintsSealed: Stamp;
}

const format = versionedRecord(
  'a purge record',
  1,
  struct<PurgeRecord>({
    watermark: stamp,
    sealed: stamp,
    hintsSealed: stamp,
  }),
);

export function encodePurgeRecord(record: PurgeRecord): Uint8Array<ArrayBuffer> {
  return format.encode(record);
}

/** @throws WireError UNSUPPORTED_VERSION for a later layout, MALFORMED */
export function decodePurgeRecord(bytes: Uint8Array): PurgeRecord {
  return format.decode(bytes);
}
