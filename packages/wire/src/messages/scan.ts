/**
 * Scans: what a coordinator asks of the owners of one partition, and what a client asks of a coordinator. Keys come in
 * byte order, partition by partition.
 */
import { longBytes, shortBytes } from '../layout/byte-strings.ts';
import { list, optional, struct } from '../layout/composites.ts';
import { key, maxKeyBytes, meta } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { boolean, constant, u16, u32, u8 } from '../layout/scalars.ts';
import { maxScanCursorBytes } from '../scan-cursor.ts';
import { type Want, want } from './replica.ts';

/** A page and the answer of an owner have at most so many entries. */
export const maxScanEntries = 1024;

/** The keys that a scan looks for. */
export interface ScanBounds {
  /** Keys that begin with these bytes, at most 4096; empty for any. */
  readonly prefix: Uint8Array;
  /** Not before this one. */
  readonly gte?: Uint8Array;
  /** Before this one. */
  readonly lt?: Uint8Array;
}

export interface ReplicaScan extends ScanBounds {
  readonly type: 'replica-scan';
  readonly partition: number;
  /** Keys behind this one. */
  readonly after?: Uint8Array;
  /** Entries at most, 1 to 1024. */
  readonly limit: number;
  /** The answer ends with the entry that makes it so many bytes of keys, metas and values. */
  readonly maxBytes: number;
  readonly want: Want;
}

export interface ScannedEntry {
  readonly key: Uint8Array;
  /** The record meta. */
  readonly meta: Uint8Array;
  /** As compressed as the meta says; absent where only versions were wanted. */
  readonly value?: Uint8Array;
}

export interface ReplicaScanReply {
  readonly type: 'replica-scan-reply';
  /** In byte order of the keys, tombstones included; at most 1024. */
  readonly entries: readonly ScannedEntry[];
  /** Whether there may be more behind the last of them. */
  readonly truncated: boolean;
}

export interface Scan extends ScanBounds {
  readonly type: 'scan';
  /** Where the page before this one ended. */
  readonly cursor?: Uint8Array;
  /** Entries at most, 1 to 1024. */
  readonly limit: number;
  readonly values: boolean;
  /** Owners of each partition that must answer; the keyspace's default if absent. */
  readonly r?: number;
}

export interface ScanReply {
  readonly type: 'scan-reply';
  /** Values only, plain as the meta says, in the order of the scan; maybe none. At most 1024. */
  readonly entries: readonly ScannedEntry[];
  /** Where the next page goes on; absent at the end. */
  readonly cursor?: Uint8Array;
}

const bounds = { prefix: shortBytes(0, maxKeyBytes), gte: optional(key), lt: optional(key) };
const entries: Layout<readonly ScannedEntry[]> = list(
  struct<ScannedEntry>({ key, meta, value: optional(longBytes) }),
  maxScanEntries,
);
const cursor = optional(shortBytes(1, maxScanCursorBytes));

export const replicaScan: Layout<ReplicaScan> = struct<ReplicaScan>({
  type: constant('replica-scan'),
  partition: u16,
  ...bounds,
  after: optional(key),
  limit: u16,
  maxBytes: u32,
  want,
});

export const replicaScanReply: Layout<ReplicaScanReply> = struct<ReplicaScanReply>({
  type: constant('replica-scan-reply'),
  entries,
  truncated: boolean,
});

export const scan: Layout<Scan> = struct<Scan>({
  type: constant('scan'),
  ...bounds,
  cursor,
  limit: u16,
  values: boolean,
  r: optional(u8),
});

export const scanReply: Layout<ScanReply> = struct<ScanReply>({ type: constant('scan-reply'), entries, cursor });
