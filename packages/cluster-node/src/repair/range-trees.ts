/** The hash trees of all ranges that this member owns, a range being one keyspace in one partition. */
import { type ListEntries, listFrom } from '@kv/anti-entropy';
import type { StorageEngine } from '@kv/lsm-storage/core';
import type { Stamp } from '@kv/quorum';
import type { Deletions } from '../purge/deletions.ts';
import type { Watermarks } from '../purge/watermarks.ts';
import type { Topology } from '../topology/topology.ts';
import type { StorageDamage } from '../storage-damage.ts';
import { nameOfRange, type Range, type RangeRecords, recordsIn } from './range-records.ts';
import type { RangeTree } from './range-tree.ts';

export { nameOfRange, type Range, rangeNamed } from './range-records.ts';

interface CountedRange {
  readonly range: Range;
  readonly records: RangeRecords;
  readonly tree: RangeTree;
}

/** An entry as trees and exchanges know it; without a version it counts for nothing. */
interface VersionedKey {
  readonly key: Uint8Array;
  readonly version: Uint8Array | undefined;
  readonly meta: Uint8Array;
}

/** A piece of a look through a range. */
export interface SpentPiece {
  /** The user's keys. */
  readonly spent: readonly Uint8Array[];
  /** How many may be spent later. */
  readonly others: number;
  /** Where to go on; `undefined`: it came to the end. */
  readonly through: Uint8Array | undefined;
}

/** Entries that one step of the scan counts. */
const scanEntries = 256;

export interface RangeTreesDependencies {
  readonly self: string;
  readonly engine: StorageEngine;
  readonly damage: StorageDamage;
  readonly watermarks: Watermarks;
  readonly deletions: Deletions;
  readonly makeTree: () => RangeTree;
}

export class RangeTrees {
  readonly #dependencies: RangeTreesDependencies;
  readonly #trees = new Map<string, CountedRange>();
  /** What of their ranges is stored could not be read. */
  readonly #unreadable = new Set<RangeTree>();
  /** To be counted from the beginning, once what was being written is. */
  readonly #waiting = new Set<RangeTree>();

  /** To be made before the first write. */
  constructor(dependencies: RangeTreesDependencies, topology: Topology) {
    this.#dependencies = dependencies;
    this.follow(topology);
  }

  /** Keeps a tree for each range that this member owns now, and no other. What it owns newly is to be counted. */
  follow(topology: Topology): void {
    const ranges = new Map(rangesOf(this.#dependencies.self, topology).map((range) => [nameOfRange(range), range]));
    for (const name of this.#trees.keys()) if (!ranges.has(name)) this.#trees.delete(name);
    for (const [name, range] of ranges) {
      const keyspace = topology.keyspaceById(range.keyspaceId);
      if (keyspace === undefined || this.#trees.has(name)) continue;
      this.#trees.set(name, { range, records: recordsIn(keyspace), tree: this.#dependencies.makeTree() });
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
      const { tree } = counted;
      if (tree.complete || this.#unreadable.has(tree) || this.#waiting.has(tree)) continue;
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

  /** What is stored of the range is not what was counted any more. Resolves when the next scans can count it again. */
  async recount(range: Range): Promise<void> {
    const tree = this.of(range);
    if (tree === undefined) return;
    tree.restart();
    this.#unreadable.delete(tree);
    this.#waiting.add(tree);
    try {
      // Behind all writes that were decided before.
      await this.#dependencies.engine.batch([]);
    } finally {
      this.#waiting.delete(tree);
    }
  }

  #scan(counted: CountedRange): void {
    const { tree, range, records } = counted;
    const { deletions, damage } = this.#dependencies;
    try {
      const found = [...this.#entries(counted, tree.scanned, scanEntries)];
      tree.count(found);
      if (found.some(({ meta }) => records.spent.mayBeSpentLater(meta))) deletions.note(range);
      if (found.length < scanEntries) tree.finish();
    } catch (error) {
      damage.tell(error);
      this.#unreadable.add(tree);
    }
  }

  /** What an exchange lists of a range: all but what is spent, which no owner is to get from another. */
  listOf(range: Range): ListEntries {
    const counted = this.#trees.get(nameOfRange(range));
    return (query) => listFrom(counted === undefined ? [] : this.#listed(counted, query.after), query);
  }

  *#listed(counted: CountedRange, after: Uint8Array | undefined): Iterable<{ key: Uint8Array; version: Uint8Array }> {
    const { watermark } = this.#dependencies.watermarks.of(counted.range);
    for (const { key, version, meta } of this.#entries(counted, after)) {
      if (version !== undefined && !counted.records.spent.isSpent(meta, watermark)) yield { key, version };
    }
  }

  /** The next entries of a range of which nothing counts any more, and how far the look for them came. */
  spentIn(range: Range, after: Uint8Array | undefined, limit: number): SpentPiece {
    const counted = this.#trees.get(nameOfRange(range));
    if (counted === undefined) return { spent: [], others: 0, through: undefined };
    const { watermarks, damage } = this.#dependencies;
    const { watermark } = watermarks.of(range);
    const { spent } = counted.records;
    let found: VersionedKey[];
    try {
      found = [...this.#entries(counted, after, limit)];
    } catch (error) {
      damage.tell(error);
      return { spent: [], others: 1, through: undefined };
    }
    const isSpent = ({ meta }: VersionedKey): boolean => spent.isSpent(meta, watermark);
    return {
      spent: found.filter(isSpent).map(({ key }) => key),
      others: found.filter((entry) => !isSpent(entry) && spent.mayBeSpentLater(entry.meta)).length,
      through: found.length < limit ? undefined : found.at(-1)?.key,
    };
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
    const { engine } = this.#dependencies;
    for (const { key, meta } of engine.scanMeta({ ...begin, lt, limit, tombstones: true })) {
      yield { key: records.keyIn(key), version: records.versionIn(meta), meta };
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
