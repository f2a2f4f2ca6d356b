/** The hash trees of all ranges that this member owns, a range being one keyspace in one partition. */
import { type ListEntries, listFrom } from '@kv/anti-entropy';
import type { StorageEngine } from '@kv/lsm-storage/core';
import { dataRange, decodeDataKey, encodeDataKey, versionBytesOfMeta } from '@kv/wire';
import type { Topology } from '../topology/topology.ts';
import type { StorageDamage } from '../storage-damage.ts';
import type { RangeTree } from './range-tree.ts';

export interface Range {
  readonly partition: number;
  readonly keyspaceId: number;
}

/** An entry as trees and exchanges know it. */
interface VersionedKey {
  readonly key: Uint8Array;
  readonly version: Uint8Array;
}

/** Entries that one step of the scan counts. */
const scanEntries = 256;

export class RangeTrees {
  readonly #engine: StorageEngine;
  readonly #damage: StorageDamage;
  readonly #self: string;
  readonly #makeTree: () => RangeTree;
  readonly #trees = new Map<string, { readonly range: Range; readonly tree: RangeTree }>();
  /** What of their ranges is stored could not be read. */
  readonly #unreadable = new Set<RangeTree>();

  /** To be made before the first write. */
  constructor(
    engine: StorageEngine,
    damage: StorageDamage,
    self: string,
    topology: Topology,
    makeTree: () => RangeTree,
  ) {
    this.#engine = engine;
    this.#damage = damage;
    this.#self = self;
    this.#makeTree = makeTree;
    this.follow(topology);
  }

  /** Keeps a tree for each range that this member owns now, and no other. What it owns newly is to be counted. */
  follow(topology: Topology): void {
    const ranges = new Map(rangesOf(this.#self, topology).map((range) => [nameOfRange(range), range]));
    for (const name of this.#trees.keys()) if (!ranges.has(name)) this.#trees.delete(name);
    for (const [name, range] of ranges) {
      if (!this.#trees.has(name)) this.#trees.set(name, { range, tree: this.#makeTree() });
    }
  }

  /** `undefined` where this member is no owner. */
  of(range: Range): RangeTree | undefined {
    return this.#trees.get(nameOfRange(range))?.tree;
  }

  /**
   * Counts a little more of what was stored before this member started. False: everything is counted that can be read;
   * a range in which something cannot stays uncounted, and so is not compared with anybody.
   */
  scanOn(): boolean {
    for (const { range, tree } of this.#trees.values()) {
      if (tree.complete || this.#unreadable.has(tree)) continue;
      this.#scan(range, tree);
      return true;
    }
    return false;
  }

  get someAreUnreadable(): boolean {
    return this.#unreadable.size > 0;
  }

  /** The next scan tries what it could not read once more. */
  retryUnreadable(): void {
    this.#unreadable.clear();
  }

  #scan(range: Range, tree: RangeTree): void {
    try {
      const found = [...this.#entries(range, tree.scanned, scanEntries)];
      tree.count(found);
      if (found.length < scanEntries) tree.finish();
    } catch (error) {
      this.#damage.tell(error);
      this.#unreadable.add(tree);
    }
  }

  /** What an exchange lists of a range. */
  listOf(range: Range): ListEntries {
    return (query) => listFrom(this.#entries(range, query.after), query);
  }

  /** Tombstones included: a deletion is a version like any other. */
  *#entries(range: Range, after: Uint8Array | undefined, limit = Number.POSITIVE_INFINITY): Iterable<VersionedKey> {
    const { gte, lt } = dataRange(range.partition, range.keyspaceId);
    const begin = after === undefined ? { gte } : { gt: encodeDataKey(range.partition, range.keyspaceId, after) };
    for (const { key, meta } of this.#engine.scanMeta({ ...begin, lt, limit, tombstones: true })) {
      yield { key: decodeDataKey(key).key, version: versionBytesOfMeta(meta) };
    }
  }
}

/** The ranges that a member owns. */
export function rangesOf(self: string, topology: Topology): Range[] {
  const { partitions, keyspaces } = topology.state;
  return keyspaces.flatMap((keyspace) =>
    Array.from({ length: partitions }, (_, partition) => partition)
      .filter((partition) => topology.owners(keyspace, partition).includes(self))
      .map((partition) => ({ partition, keyspaceId: keyspace.id })),
  );
}

export function nameOfRange({ partition, keyspaceId }: Range): string {
  return `${partition}/${keyspaceId}`;
}

export function rangeNamed(name: string): Range {
  const [partition = '', keyspaceId = ''] = name.split('/');
  return { partition: Number(partition), keyspaceId: Number(keyspaceId) };
}
