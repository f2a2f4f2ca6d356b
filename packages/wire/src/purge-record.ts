/**
 * How far one keyspace in one partition was purged, and up to where this node takes nothing any more from outside: a format
 * that lasts, drawn in docs/formats/purge.md.
 */
import type { Stamp } from '@kv/quorum';
import { malformed, WireError } from './errors.ts';
import { struct } from './layout/composites.ts';
import { stamp } from './layout/fields.ts';
import { decode, encode } from './layout/layout.ts';
import { u8 } from './layout/scalars.ts';

export interface PurgeRecord {
  /** The purge watermark: deletions up to it may be forgotten. Never above `sealed`. */
  readonly watermark: Stamp;
  /** Writes up to it are refused unless they come from the owners' own repair. Never above `hintsSealed`. */
  readonly sealed: Stamp;
  /** Hints up to it are refused. */
  readonly hintsSealed: Stamp;
}

const layoutVersion = 1;

const envelope = struct<PurgeRecord & { readonly layout: number }>({
  layout: u8,
  watermark: stamp,
  sealed: stamp,
  hintsSealed: stamp,
});

export function encodePurgeRecord(record: PurgeRecord): Uint8Array<ArrayBuffer> {
  return encode(envelope, { ...record, layout: layoutVersion });
}

/** @throws WireError UNSUPPORTED_VERSION for a later layout, MALFORMED */
export function decodePurgeRecord(bytes: Uint8Array): PurgeRecord {
  const [found = 0] = bytes;
  if (found > layoutVersion) {
    throw new WireError('UNSUPPORTED_VERSION', `needed a purge record of layout ${layoutVersion}, got layout ${found}`);
  }
  const { layout, ...record } = decode(envelope, bytes);
  if (layout !== layoutVersion) {
    throw malformed(`needed a purge record of layout ${layoutVersion}, got layout ${layout}`);
  }
  return record;
}
