/**
 * What a range's trees count and its exchanges list: where the records of a keyspace lie, and what of one tells it from
 * another. It depends on what the keyspace promises.
 */
import type { Stamp } from '@kv/quorum';
import { type SpentRecords, spentRecords, spentRegisters } from '../purge/spent-records.ts';
import {
  acceptorRange,
  bytesOfBallot,
  dataRange,
  decodeAcceptorKey,
  decodeDataKey,
  decodeRegisterMeta,
  encodeAcceptorKey,
  encodeDataKey,
  type KeyRange,
  type TopologyKeyspace,
  versionBytesOfMeta,
  versionOfBytes,
} from '@kv/wire';

export interface Range {
  readonly partition: number;
  readonly keyspaceId: number;
}

export function nameOfRange({ partition, keyspaceId }: Range): string {
  return `${partition}/${keyspaceId}`;
}

export function rangeNamed(name: string): Range {
  const [partition = '', keyspaceId = ''] = name.split('/');
  return { partition: Number(partition), keyspaceId: Number(keyspaceId) };
}

export interface RangeRecords {
  readonly rangeOf: (range: Range) => KeyRange;
  readonly storageKey: (range: Range, key: Uint8Array) => Uint8Array;
  /** The user's key: a view. */
  readonly keyIn: (storageKey: Uint8Array) => Uint8Array;
  /** Bytes whose order says which of two records is newer; `undefined`: it does not count. */
  readonly versionIn: (meta: Uint8Array) => Uint8Array | undefined;
  /** The stamp in such bytes, if there is one. */
  readonly stampIn: (version: Uint8Array) => Stamp | undefined;
  readonly spent: SpentRecords;
}

/** One record of a key, deletions included; the highest version is the newest. */
const versionedRecords: RangeRecords = {
  rangeOf: ({ partition, keyspaceId }) => dataRange(partition, keyspaceId),
  storageKey: ({ partition, keyspaceId }, key) => encodeDataKey(partition, keyspaceId, key),
  keyIn: (storageKey) => decodeDataKey(storageKey).key,
  versionIn: versionBytesOfMeta,
  stampIn: versionOfBytes,
  spent: spentRecords,
};

/** What the acceptor of a key accepted, under its ballot. What it only promised is its own affair. */
const registers: RangeRecords = {
  rangeOf: ({ partition, keyspaceId }) => acceptorRange(partition, keyspaceId),
  storageKey: ({ partition, keyspaceId }, key) => encodeAcceptorKey(partition, keyspaceId, key),
  keyIn: (storageKey) => decodeAcceptorKey(storageKey).key,
  versionIn: (meta) => {
    const { accepted } = decodeRegisterMeta(meta);
    return accepted === undefined ? undefined : bytesOfBallot(accepted);
  },
  stampIn: () => undefined,
  spent: spentRegisters,
};

export function recordsIn({ mode }: Pick<TopologyKeyspace, 'mode'>): RangeRecords {
  return mode === 'strong' ? registers : versionedRecords;
}
