/**
 * Hash trees of two owners of a partition, compared: the requests and responses of an exchange of `@kv/anti-entropy`, of
 * the keyspace that the frame names.
 */
import type { Stamp } from '@kv/quorum';
import { list, optional, struct } from '../layout/composites.ts';
import { longBytes, shortBytes } from '../layout/byte-strings.ts';
import { key, stamp } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { constant, u16, u32, u8 } from '../layout/scalars.ts';

export interface TreeCompare {
  readonly type: 'tree-compare';
  readonly partition: number;
  readonly level: number;
  /** Numbers of nodes of that level, at most 4096. */
  readonly nodes: readonly number[];
  /** Eight bytes for each node. */
  readonly hashes: Uint8Array;
  /** The sender's purge watermark of the range. */
  readonly watermark: Stamp;
}

export interface TreeCompareReply {
  readonly type: 'tree-compare-reply';
  /** Levels of the sender's tree. */
  readonly levels: number;
  /** Those of the nodes that differ, at most 4096. */
  readonly differing: readonly number[];
  /** The sender's purge watermark of the range. */
  readonly watermark: Stamp;
}

export interface TreeList {
  readonly type: 'tree-list';
  readonly partition: number;
  readonly level: number;
  readonly nodes: readonly number[];
  /** Keys behind this one, up to the other, included. */
  readonly after?: Uint8Array;
  readonly through?: Uint8Array;
  readonly limit: number;
}

export interface TreeEntry {
  readonly key: Uint8Array;
  /** As trees count it: of a value or a tombstone `u48 ms · u16 counter · 16 bytes actor`. At most 255 bytes. */
  readonly version: Uint8Array;
}

export interface TreeListReply {
  readonly type: 'tree-list-reply';
  /** In byte order of the keys, at most 1024. */
  readonly entries: readonly TreeEntry[];
  /** Where the listing was cut short; it is whole if absent. */
  readonly through?: Uint8Array;
}

const nodes = list(u32, 4096);
const entry = struct<TreeEntry>({ key, version: shortBytes(1, 255) });

export const treeCompare: Layout<TreeCompare> = struct<TreeCompare>({
  type: constant('tree-compare'),
  partition: u16,
  level: u8,
  nodes,
  hashes: longBytes,
  watermark: stamp,
});

export const treeCompareReply: Layout<TreeCompareReply> = struct<TreeCompareReply>({
  type: constant('tree-compare-reply'),
  levels: u8,
  differing: nodes,
  watermark: stamp,
});

export const treeList: Layout<TreeList> = struct<TreeList>({
  type: constant('tree-list'),
  partition: u16,
  level: u8,
  nodes,
  after: optional(key),
  through: optional(key),
  limit: u16,
});

export const treeListReply: Layout<TreeListReply> = struct<TreeListReply>({
  type: constant('tree-list-reply'),
  entries: list(entry, 1024),
  through: optional(key),
});
