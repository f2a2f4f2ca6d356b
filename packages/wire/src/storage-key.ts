/**
 * The keys of a node's storage engine. Byte order puts all records of one keyspace in one partition side by side, so
 * that streaming, hashing and dropping them are range operations. A format that lasts, drawn in
 * docs/formats/storage-key.md:
 *
 *   u8 kind · u16 partition · u32 keyspace id · [in hints: 16 bytes intended owner] · user key (1 to 4096 bytes)
 */
import { ByteReader } from './bytes/byte-reader.ts';
import { ByteWriter } from './bytes/byte-writer.ts';
import { copyBytes } from './bytes/copy-bytes.ts';
import { utf8Length } from './bytes/utf8.ts';
import { malformed } from './errors.ts';
import { maxKeyBytes, uuid } from './layout/fields.ts';
import { encode, type Layout } from './layout/layout.ts';
import { struct } from './layout/composites.ts';
import { u16, u32, u8 } from './layout/scalars.ts';

/** What a storage key leads to. Frozen: never change or reuse a number. */
export const storageKinds: {
  readonly data: 1;
  readonly acceptor: 2;
  readonly hint: 3;
  readonly system: 4;
  readonly purge: 5;
  readonly loss: 6;
} = {
  data: 1,
  acceptor: 2,
  hint: 3,
  system: 4,
  purge: 5,
  loss: 6,
};

export interface DataKey {
  readonly partition: number;
  readonly keyspaceId: number;
  /** The user's key. */
  readonly key: Uint8Array;
}

export interface HintKey extends DataKey {
  /** The member for whom the record is kept. */
  readonly intendedOwner: string;
}

/** The storage keys from `gte`, included, to `lt`, excluded. */
export interface KeyRange {
  readonly gte: Uint8Array;
  readonly lt: Uint8Array;
}

interface Prefix {
  readonly kind: number;
  readonly partition: number;
  readonly keyspaceId: number;
}

const prefix: Layout<Prefix> = struct<Prefix>({ kind: u8, partition: u16, keyspaceId: u32 });

const hintPrefix: Layout<Prefix & { readonly intendedOwner: string }> = struct<
  Prefix & { readonly intendedOwner: string }
>({ kind: u8, partition: u16, keyspaceId: u32, intendedOwner: uuid });

/** @throws WireError MALFORMED */
export function encodeDataKey(partition: number, keyspaceId: number, key: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeKey(storageKinds.data, partition, keyspaceId, key);
}

/** `key` is a view of `storageKey`. @throws WireError MALFORMED for anything but a data key */
export function decodeDataKey(storageKey: Uint8Array): DataKey {
  return decodeKey(storageKinds.data, storageKey);
}

/** The data keys of one keyspace in one partition: all of them, and nothing else. @throws WireError MALFORMED */
export function dataRange(partition: number, keyspaceId: number): KeyRange {
  return rangeOf(storageKinds.data, partition, keyspaceId);
}

/** Where an acceptor keeps its state of a key of a strong keyspace. @throws WireError MALFORMED */
export function encodeAcceptorKey(partition: number, keyspaceId: number, key: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeKey(storageKinds.acceptor, partition, keyspaceId, key);
}

/** As `decodeDataKey`. @throws WireError MALFORMED for anything but an acceptor key */
export function decodeAcceptorKey(storageKey: Uint8Array): DataKey {
  return decodeKey(storageKinds.acceptor, storageKey);
}

/** As `dataRange`. @throws WireError MALFORMED */
export function acceptorRange(partition: number, keyspaceId: number): KeyRange {
  return rangeOf(storageKinds.acceptor, partition, keyspaceId);
}

/**
 * Everything that is stored of one keyspace, whatever its kind: what a node erases when the keyspace is dropped.
 * @throws WireError MALFORMED
 */
export function keyspaceRanges(partitions: number, keyspaceId: number): KeyRange[] {
  const kinds = [storageKinds.data, storageKinds.acceptor, storageKinds.hint, storageKinds.purge, storageKinds.loss];
  return kinds.flatMap((kind) =>
    Array.from({ length: partitions }, (_, partition) => {
      const gte = encode(prefix, { kind, partition, keyspaceId });
      return { gte, lt: successor(gte) };
    }),
  );
}

/** The key of the record that is kept for an owner that was away. @throws WireError MALFORMED */
export function encodeHintKey({ partition, keyspaceId, intendedOwner, key }: HintKey): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(hintPrefix.minSize + checkedLength(key.length));
  hintPrefix.write(writer, { kind: storageKinds.hint, partition, keyspaceId, intendedOwner });
  writer.bytes(key);
  return writer.finish();
}

/** `key` is a view of `storageKey`. @throws WireError MALFORMED for anything but the key of a hint */
export function decodeHintKey(storageKey: Uint8Array): HintKey {
  const reader = new ByteReader(storageKey);
  const { kind, partition, keyspaceId, intendedOwner } = hintPrefix.read(reader);
  if (kind !== storageKinds.hint) throw malformed(`needed the key of a hint (kind 3), got kind ${kind}`);
  return { partition, keyspaceId, intendedOwner, key: reader.bytes(checkedLength(reader.remaining)) };
}

/** The keys of all hints for one owner of one keyspace in one partition, and of nothing else. @throws WireError MALFORMED */
export function hintRange({ partition, keyspaceId, intendedOwner }: Omit<HintKey, 'key'>): KeyRange {
  const gte = encode(hintPrefix, { kind: storageKinds.hint, partition, keyspaceId, intendedOwner });
  return { gte, lt: successor(gte) };
}

/** The keys of all hints of one keyspace in one partition, whoever they are for. @throws WireError MALFORMED */
export function hintsOfRange(partition: number, keyspaceId: number): KeyRange {
  return rangeOf(storageKinds.hint, partition, keyspaceId);
}

/** The keys of all hints. */
export const hintsOfAll: KeyRange = {
  gte: Uint8Array.of(storageKinds.hint),
  lt: Uint8Array.of(storageKinds.hint + 1),
};

/** Of these the keys from one partition on. */
export function hintsFrom(partition: number): KeyRange {
  return { gte: rangeOf(storageKinds.hint, partition, 0).gte, lt: hintsOfAll.lt };
}

/** Where a node keeps how far one keyspace in one partition was purged. @throws WireError MALFORMED */
export function encodePurgeKey(partition: number, keyspaceId: number): Uint8Array<ArrayBuffer> {
  return encodeKey(storageKinds.purge, partition, keyspaceId, onlyKey);
}

/** @throws WireError MALFORMED for anything but what `encodePurgeKey` makes */
export function decodePurgeKey(storageKey: Uint8Array): Omit<DataKey, 'key'> {
  const { partition, keyspaceId } = decodeKey(storageKinds.purge, storageKey);
  return { partition, keyspaceId };
}

/** The keys of all that is kept of purging. */
export const purgeRecords: KeyRange = {
  gte: Uint8Array.of(storageKinds.purge),
  lt: Uint8Array.of(storageKinds.purge + 1),
};

/** Where a node keeps what it has lost of one keyspace in one partition. @throws WireError MALFORMED */
export function encodeLossKey(partition: number, keyspaceId: number): Uint8Array<ArrayBuffer> {
  return encodeKey(storageKinds.loss, partition, keyspaceId, onlyKey);
}

/** @throws WireError MALFORMED for anything but what `encodeLossKey` makes */
export function decodeLossKey(storageKey: Uint8Array): Omit<DataKey, 'key'> {
  const { partition, keyspaceId } = decodeKey(storageKinds.loss, storageKey);
  return { partition, keyspaceId };
}

/** The keys of all that is kept of losses. */
export const lossRecords: KeyRange = {
  gte: Uint8Array.of(storageKinds.loss),
  lt: Uint8Array.of(storageKinds.loss + 1),
};

/** The keys of all that a node keeps for itself alone. */
export const systemRecords: KeyRange = {
  gte: Uint8Array.of(storageKinds.system),
  lt: Uint8Array.of(storageKinds.system + 1),
};

/** Of a range there is one record of purging, and one of losses; keys are not empty. */
const onlyKey = Uint8Array.of(0);

/** The key of something that the node keeps for itself, by a name of 1 to 4096 bytes. @throws WireError MALFORMED */
export function systemKey(name: string): Uint8Array<ArrayBuffer> {
  const length = checkedLength(utf8Length(name));
  const writer = new ByteWriter(prefix.minSize + length);
  prefix.write(writer, { kind: storageKinds.system, partition: 0, keyspaceId: 0 });
  writer.utf8(name, length);
  return writer.finish();
}

function encodeKey(kind: number, partition: number, keyspaceId: number, key: Uint8Array): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(prefix.minSize + checkedLength(key.length));
  prefix.write(writer, { kind, partition, keyspaceId });
  writer.bytes(key);
  return writer.finish();
}

function decodeKey(needed: number, storageKey: Uint8Array): DataKey {
  const reader = new ByteReader(storageKey);
  const { kind, partition, keyspaceId } = prefix.read(reader);
  if (kind !== needed) throw malformed(`needed a storage key of kind ${needed}, got kind ${kind}`);
  return { partition, keyspaceId, key: reader.bytes(checkedLength(reader.remaining)) };
}

function rangeOf(kind: number, partition: number, keyspaceId: number): KeyRange {
  const gte = encode(prefix, { kind, partition, keyspaceId });
  return { gte, lt: successor(gte) };
}

/** The prefix right after `bytes` among those of its length. The kind is never 255, so the carry ends. */
function successor(bytes: Uint8Array): Uint8Array {
  const next = copyBytes(bytes);
  for (let index = next.length - 1; index >= 0; index -= 1) {
    const byte = next[index] ?? 0;
    next[index] = byte + 1;
    if (byte < 0xff) break;
  }
  return next;
}

function checkedLength(length: number): number {
  if (length >= 1 && length <= maxKeyBytes) return length;
  throw malformed(`needed a key of 1 to ${maxKeyBytes} bytes, got ${length}`);
}
