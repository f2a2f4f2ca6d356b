/**
 * Where a scan goes on: bytes that any member understands, in whatever epoch, and that clients pass back as they are. A
 * format that lasts:
 *
 *   u8 layout (1) · u32 keyspace id · u32 filter · u16 partition · u8 has after · after · u32 CRC-32 of all before
 *
 * The filter is a checksum of the bounds: the cursor of one scan is of no use to another. Drawn in
 * docs/formats/scan-cursor.md.
 */
import { ByteReader } from './bytes/byte-reader.ts';
import { crc32 } from './bytes/crc32.ts';
import { malformed, WireError } from './errors.ts';
import { shortBytes } from './layout/byte-strings.ts';
import { optional, struct } from './layout/composites.ts';
import { key, maxKeyBytes } from './layout/fields.ts';
import { checkEnd, encode } from './layout/layout.ts';
import { u16, u32, u8 } from './layout/scalars.ts';
import type { ScanBounds } from './messages/scan.ts';

export interface ScanCursor {
  readonly keyspaceId: number;
  /** See {@link scanFilter}. */
  readonly filter: number;
  /** The partition to go on with. */
  readonly partition: number;
  /** The last key of it that the scan has passed; absent at its beginning. */
  readonly after?: Uint8Array;
}

const layoutVersion = 1;
const checksumBytes = 4;

interface Envelope extends ScanCursor {
  readonly layout: number;
}

const after = optional(key);
const envelope = struct<Envelope>({ layout: u8, keyspaceId: u32, filter: u32, partition: u16, after });

export const maxScanCursorBytes: number = 1 + 4 + 4 + 2 + 1 + 2 + maxKeyBytes + checksumBytes;

const bounds = struct<ScanBounds>({ prefix: shortBytes(0, maxKeyBytes), gte: optional(key), lt: optional(key) });

/** A checksum of what a scan looks for, 32 bits. @throws WireError MALFORMED for bounds that cannot be */
export function scanFilter({ prefix, gte, lt }: ScanBounds): number {
  return crc32(encode(bounds, { prefix, ...(gte !== undefined && { gte }), ...(lt !== undefined && { lt }) }));
}

/** @throws WireError MALFORMED for a field that the format cannot hold */
export function encodeScanCursor(cursor: ScanCursor): Uint8Array<ArrayBuffer> {
  const body = encode(envelope, { layout: layoutVersion, ...cursor });
  const bytes = new Uint8Array(body.length + checksumBytes);
  bytes.set(body);
  bytes.set(encode(u32, crc32(body)), body.length);
  return bytes;
}

/**
 * `after` is a view of `bytes`.
 * @throws WireError MALFORMED for bytes that are damaged or no cursor, UNSUPPORTED_VERSION for a later layout
 */
export function decodeScanCursor(bytes: Uint8Array): ScanCursor {
  const end = bytes.length - checksumBytes;
  if (end < envelope.minSize || bytes.length > maxScanCursorBytes) {
    throw malformed(`needed a cursor, got ${bytes.length} bytes`);
  }
  const body = bytes.subarray(0, end);
  if (new ByteReader(bytes, end).u32() !== crc32(body))
    throw malformed('needed a cursor as it was given, got a damaged one');
  const reader = new ByteReader(body);
  const { layout: _, ...cursor } = readEnvelope(reader);
  checkEnd(reader);
  return cursor;
}

function readEnvelope(reader: ByteReader): Envelope {
  const read = envelope.read(reader);
  if (read.layout === layoutVersion) return read;
  throw new WireError('UNSUPPORTED_VERSION', `needed a cursor of layout ${layoutVersion}, got layout ${read.layout}`);
}
