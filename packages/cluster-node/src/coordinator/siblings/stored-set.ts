/** Sets of siblings between records, as replicas hold them, and values, as clients read them. */
import type { Codec } from '@kv/lsm-storage/core';
import { type KnownSet, type MergeSets, type SiblingSet, visibleSiblings } from '@kv/quorum';
import { decodeRecordMeta, decodeSiblings, encodeSiblings, type SiblingValue, WireError } from '@kv/wire';
import { type StoredRecord, unpackValue } from '../../record.ts';
import { maxSetBytes } from '../../replica/sibling-decisions.ts';
import type { FoundValue } from '../../requests.ts';
import type { SiblingStrategies } from '../../strategies.ts';
import type { HeldRecord } from '../replica-access.ts';

/** A set in both of its forms. */
export interface StoredSet {
  readonly set: SiblingSet<SiblingValue>;
  readonly record: StoredRecord;
}

/** @throws WireError when a replica answered with anything but a set that could be */
export function knownSet({ meta, value }: HeldRecord): KnownSet<StoredSet> | undefined {
  if (meta === undefined) return undefined;
  return value === undefined ? describedBy(meta) : { ...describedBy(meta), content: storedSet(value) };
}

/** Both sets together. @throws WireError when that is more than a record can hold */
export function mergingSets({ merge }: SiblingStrategies): MergeSets<StoredSet> {
  return (a, b) => {
    const set = merge(a.content.set, b.content.set);
    const record = encodeSiblings(set);
    checkBytes(record.value.length);
    return { ...describedBy(record.meta), content: { set, record } };
  };
}

/** What a client reads: each write once, as it was written. */
export function foundIn({ set }: StoredSet, codec: Codec): FoundValue[] {
  return visibleSiblings(set).map(({ id, value }) => {
    return { version: id, contentType: value.contentType, value: unpackValue(value, codec) };
  });
}

/** Bytes of all values in a set, decompressed: what a client is sent must fit as well as what a replica is. */
export function rawBytes({ siblings }: SiblingSet<SiblingValue>): number {
  return siblings.reduce((bytes, { value }) => bytes + Math.max(value.rawLength, value.bytes.length), 0);
}

function describedBy(meta: Uint8Array): KnownSet<StoredSet> {
  const described = decodeRecordMeta(meta);
  if (described.kind === 'sibling-set') return { digest: described.digest, version: described.version };
  throw new WireError('MALFORMED', `needed a sibling set, got a ${described.kind}`);
}

function storedSet(record: StoredRecord): StoredSet {
  const set = decodeSiblings(record);
  checkBytes(rawBytes(set));
  return { set, record };
}

function checkBytes(bytes: number): void {
  if (bytes <= maxSetBytes) return;
  throw new WireError('MALFORMED', `a key's siblings have at most ${maxSetBytes} bytes, got ${bytes}`);
}
