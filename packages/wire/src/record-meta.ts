/**
 * What a replica keeps beside a value, readable without it; at most 255 bytes. A format that lasts:
 *
 *   u8 layout (1) · u8 kind · version (u48 ms · u16 counter · 16 bytes actor) · fields of the kind
 *
 * Every kind has its version at the same place, so replicas compare records without decoding them. Drawn in
 * docs/formats/record.md.
 */
import type { Version } from '@kv/quorum';
import { malformed, WireError } from './errors.ts';
import { printableText } from './layout/byte-strings.ts';
import { oneOf, optional, struct } from './layout/composites.ts';
import { digest, maxContentTypeBytes, version } from './layout/fields.ts';
import { decode, encode } from './layout/layout.ts';
import { u16, u32, u64, u8 } from './layout/scalars.ts';
import { ByteReader } from './bytes/byte-reader.ts';
import { copyBytes } from './bytes/copy-bytes.ts';

/** Ids of value codecs, in metas, puts and hellos. Frozen: never change or reuse a number. */
export const valueCodecs: { readonly plain: 0; readonly zstd: 1 } = { plain: 0, zstd: 1 };

export interface ValueMeta {
  readonly kind: 'value';
  readonly version: Version;
  /** Time to live, as milliseconds since 1970: from then on the record is a tombstone of the same version. */
  readonly deadline?: number;
  /** What the stored value is compressed with, one of {@link valueCodecs}. */
  readonly codec: number;
  /** Bytes of the value once decompressed: to be checked before that many are allocated. */
  readonly rawLength: number;
  /** Printable ASCII, at most 128 bytes. */
  readonly contentType: string;
}

export interface TombstoneMeta {
  readonly kind: 'tombstone';
  readonly version: Version;
}

/** Of a set of siblings; what is in it is the record's value, drawn in docs/formats/sibling-set.md. */
export interface SiblingSetMeta {
  readonly kind: 'sibling-set';
  /** The highest write id in the set. */
  readonly version: Version;
  /** 32 hexadecimal digits, equal for equal sets: two different sets may well have one version. */
  readonly digest: string;
  /** How many there are; 0: the key is deleted. */
  readonly siblings: number;
}

export type RecordMeta = ValueMeta | TombstoneMeta | SiblingSetMeta;

const layoutVersion = 1;
const versionAt = 2;
const versionEnd: number = versionAt + version.minSize;

const valueKind = 1;
const tombstoneKind = 2;
const siblingSetKind = 3;
/** Behind the version of a sibling set: its digest. */
const digestEnd: number = versionEnd + digest.minSize;

/** Frozen: never change or reuse a number. Kinds that are no record of a key's value: `register-record.ts` has 4. */
const reservedKinds: ReadonlyMap<number, string> = new Map([[4, 'register']]);

const deadline = optional(u64);

interface Envelope {
  readonly layout: number;
  readonly record: RecordMeta;
}

const envelope = struct<Envelope>({
  layout: u8,
  record: oneOf<RecordMeta, 'kind'>('kind', {
    value: [
      valueKind,
      {
        version,
        deadline,
        codec: u8,
        rawLength: u32,
        contentType: printableText(maxContentTypeBytes),
      },
    ],
    tombstone: [tombstoneKind, { version }],
    'sibling-set': [siblingSetKind, { version, digest, siblings: u16 }],
  }),
});

/** @throws WireError MALFORMED for a field that the format cannot hold */
export function encodeRecordMeta(record: RecordMeta): Uint8Array<ArrayBuffer> {
  return encode(envelope, { layout: layoutVersion, record });
}

/** @throws WireError UNSUPPORTED_VERSION for a newer layout or a reserved kind, MALFORMED */
export function decodeRecordMeta(meta: Uint8Array): RecordMeta {
  checkLayout(meta);
  const reserved = reservedKinds.get(meta[1] ?? 0);
  if (reserved !== undefined) {
    throw new WireError('UNSUPPORTED_VERSION', `needed a value, a tombstone or a sibling set, got a ${reserved}`);
  }
  return decode(envelope, meta).record;
}

/** Whether the record is a tombstone, without decoding the rest. @throws WireError */
export function isTombstoneMeta(meta: Uint8Array): boolean {
  checkLayout(meta);
  return meta[1] === tombstoneKind;
}

/** The deadline of a value, `undefined` where there is none, without decoding the rest. @throws WireError */
export function deadlineOfMeta(meta: Uint8Array): number | undefined {
  checkLayout(meta);
  return meta[1] !== valueKind ? undefined : deadline.read(new ByteReader(meta, versionEnd));
}

/** Whether the record is a set of siblings, without decoding the rest. @throws WireError */
export function isSiblingSetMeta(meta: Uint8Array): boolean {
  checkLayout(meta);
  return meta[1] === siblingSetKind;
}

/** The version of a record of any kind, without decoding the rest. @throws WireError */
export function versionOfMeta(meta: Uint8Array): Version {
  checkLayout(meta);
  return version.read(new ByteReader(meta, versionAt));
}

/**
 * What hash trees count of a record: bytes that are equal for the same record only, and whose order is version order. The
 * version, and of a sibling set its digest behind it. A copy.
 * @throws WireError
 */
export function versionBytesOfMeta(meta: Uint8Array): Uint8Array {
  checkLayout(meta);
  return copyBytes(meta.subarray(versionAt, meta[1] === siblingSetKind ? digestEnd : versionEnd));
}

/** The version in what {@link versionBytesOfMeta} made. @throws WireError MALFORMED */
export function versionOfBytes(bytes: Uint8Array): Version {
  if (bytes.length !== version.minSize && bytes.length !== version.minSize + digest.minSize) {
    throw malformed(
      `needed a version of ${version.minSize} bytes, alone or before a digest, got ${bytes.length} bytes`,
    );
  }
  return version.read(new ByteReader(bytes));
}

/**
 * Negative when the record of `a` loses against that of `b`, zero when they are the same write, positive when it wins:
 * `compareVersions` of their versions, on the bytes and without an allocation.
 * @throws WireError
 */
export function compareMetaVersions(a: Uint8Array, b: Uint8Array): number {
  checkLayout(a);
  checkLayout(b);
  for (let index = versionAt; index < versionEnd; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function checkLayout(meta: Uint8Array): void {
  const found = meta[0];
  if (found === layoutVersion && meta.length >= versionEnd) return;
  if (found !== undefined && found > layoutVersion) {
    throw new WireError('UNSUPPORTED_VERSION', `needed a record meta of layout ${layoutVersion}, got layout ${found}`);
  }
  throw malformed(`needed a record meta of layout ${layoutVersion} and ${versionEnd} bytes, got ${meta.length} bytes`);
}
