/** The hash trees of all ranges that this member owns, a range being one keyspace in one partition. */
import { type ListEntries, listFrom } from '@kv/anti-entropy';
import type { StorageEngine } from '@kv/lsm-storage/core';
import type { Stamp } from '@kv/quorum';
import type { Topology } from '../topology/topology.ts';
import type { StorageDamage } from '../storage-damage.ts';
import { type Range, type RangeRecords, recordsIn } from './range-records.ts';
import type { RangeTree } from './range-tree.ts';

export type { Range } from './range-records.ts';

interface CountedRange {
  readonly range: Range;
  readonly records: RangeRecords;
  readonly tree: RangeTree;
}

/** An entry as trees and exchanges know it; without a version it counts for nothing. */
interface VersionedKey {
  readonly key: Uint8Array;
  readonly version: Uint8Array | undefined;
}

/** Entries that one step of the scan counts. */
const scanEntries = 256;

export class RangeTrees {
  readonly #engine: StorageEngine;
  readonly #damage: StorageDamage;
  readonly #self: string;
  readonly #makeTree: () => RangeTree;
  readonly #trees = new Map<string, CountedRange>();
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
      const keyspace = topology.keyspaceById(range.keyspaceId);
      if (keyspace === undefined || this.#trees.has(name)) continue;
      this.#trees.set(name, { range, records: recordsIn(keyspace), tree: this.#makeTree() });
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
    for (const counted of this.#trees.values()) {
      if (counted.tree.complete || this.#unreadable.has(counted.tree)) continue;
      this.#scan(counted);
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

  #scan(counted: CountedRange): void {
    const { tree } = counted;
    try {
      const found = [...this.#entries(counted, tree.scanned, scanEntries)];
      tree.count(found);
      if (found.length < scanEntries) tree.finish();
    } catch (error) {
      this.#damage.tell(error);
      this.#unreadable.add(tree);
    }
  }

  /** What an exchange lists of a range. */
  listOf(range: Range): ListEntries {
    const counted = this.#trees.get(nameOfRange(range));
    return (query) => listFrom(counted === undefined ? [] : versioned(this.#entries(counted, query.after)), query);
  }

  /** The stamp in the version of an entry of the range, where it has one. */
  stampIn(range: Range, version: Uint8Array): Stamp | undefined {
    return this.#trees.get(nameOfRange(range))?.records.stampIn(version);
  }

  /** Tombstones included: a deletion is a version like any other. */
  *#entries(
    { range, records }: CountedRange,
    after: Uint8Array | undefined,
    limit = Number.POSITIVE_INFINITY,
  ): Iterable<VersionedKey> {
    const { gte, lt } = records.rangeOf(range);
    const begin = after === undefined ? { gte } : { gt: records.storageKey(range, after) };
    for (const { key, meta } of this.#engine.scanMeta({ ...begin, lt, limit, tombstones: true })) {
      yield { key: records.keyIn(key), version: records.versionIn(meta) };
    }
  }
}

function* versioned(entries: Iterable<VersionedKey>): Iterable<{ key: Uint8Array; version: Uint8Array }> {
  for (const { key, version } of entries) if (version !== undefined) yield { key, version };
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
