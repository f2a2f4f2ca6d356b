/**
 * A hash tree (Merkle 1987; Dynamo §4.7) over a set of keys with versions. Its shape is fixed: 16 children to a node, and
 * a key's leaf is given by its hash, so two trees over any sets can be compared node by node.
 *
 *     level 0                 root
 *     level 1      0     1     …     15         the first 4 bits of the key's hash
 *     level 2    00…0f 10…1f   …   f0…ff        the first 8
 *     level 3   4096 leaves                     the first 12
 *
 * A node is the exclusive or of the digests of all entries below it. So a write changes one node of each level, in any
 * order, from the version that was there before and the one that is there now, and no node is ever computed from its
 * children: there is nothing to rebuild and nothing to mark. Trees of different depth agree on the levels that both have.
 */
import { type Digest, digestEntry, hashKey } from './digest.ts';
import { AntiEntropyError } from './errors.ts';

/** A node's hash takes so many bytes. */
export const hashBytes = 8;
export const fanOut = 16;
const bitsPerLevel = 4;
export const mostLevels = 5;

export interface HashTreeOptions {
  /**
   * Levels below the root, 1 to 5; default 3. A tree of l levels takes 8.5 × 16^l bytes, 35 kB with 3, from its first entry
   * on. One more finds differences among sixteen times as many entries with the same precision.
   */
  readonly levels?: number;
}

export class HashTree {
  readonly levels: number;
  /** Of each node its two lanes, level by level. `undefined`: all zero, for most ranges of most keyspaces are empty. */
  #lanes: Int32Array | undefined;
  #entries = 0;

  /** @throws AntiEntropyError INVALID_OPTION */
  constructor({ levels = 3 }: HashTreeOptions = {}) {
    if (!Number.isInteger(levels) || levels < 1 || levels > mostLevels) {
      throw new AntiEntropyError('INVALID_OPTION', `levels must be an integer from 1 to ${mostLevels}, got ${levels}`);
    }
    this.levels = levels;
  }

  /** Entries that were added and not removed. */
  get entries(): number {
    return this.#entries;
  }

  /**
   * A key had one version and has another now; `undefined`: it was not there, it is not there any more. What was there
   * must be told as it was: the tree remembers no key, so a wrong `before` leaves it wrong until it is built anew.
   */
  replace(key: Uint8Array, before: Uint8Array | undefined, after: Uint8Array | undefined): void {
    const keyHash = hashKey(key);
    if (before !== undefined) this.#toggle(keyHash, before, -1);
    if (after !== undefined) this.#toggle(keyHash, after, 1);
  }

  /** The hashes of nodes of one level, {@link hashBytes} each, in the order asked for. */
  hashesOf(level: number, nodes: readonly number[]): Uint8Array {
    const first = firstNodeOf(level);
    const hashes = new Uint8Array(nodes.length * hashBytes);
    const view = new DataView(hashes.buffer);
    for (const [i, node] of nodes.entries()) {
      view.setInt32(i * hashBytes, this.#laneAt(first + node, 0));
      view.setInt32(i * hashBytes + 4, this.#laneAt(first + node, 1));
    }
    return hashes;
  }

  /** Those of the nodes whose hashes, as {@link hashesOf} wrote them, are not this tree's. */
  differing(level: number, nodes: readonly number[], hashes: Uint8Array): number[] {
    const ours = this.hashesOf(level, nodes);
    return nodes.filter((_, i) => {
      for (let at = i * hashBytes; at < (i + 1) * hashBytes; at += 1) if (ours[at] !== hashes[at]) return true;
      return false;
    });
  }

  /** Exclusive or: adding and removing are the same but for the count. */
  #toggle(keyHash: Digest, version: Uint8Array, count: 1 | -1): void {
    const { high, low } = digestEntry(keyHash, version);
    const lanes = (this.#lanes ??= new Int32Array(2 * firstNodeOf(this.levels + 1)));
    for (let level = 0; level <= this.levels; level += 1) {
      const at = 2 * (firstNodeOf(level) + nodeOf(keyHash, level));
      lanes[at] = (lanes[at] as number) ^ high;
      lanes[at + 1] = (lanes[at + 1] as number) ^ low;
    }
    this.#entries += count;
  }

  #laneAt(node: number, lane: 0 | 1): number {
    return this.#lanes === undefined ? 0 : (this.#lanes[2 * node + lane] as number);
  }
}

/** Nodes of one level: 16^level. */
export function nodesOf(level: number): number {
  return fanOut ** level;
}

/** Whether a key belongs below one of these nodes, ascending, of a level. */
export function keysBelow(level: number, nodes: readonly number[]): (key: Uint8Array) => boolean {
  const wanted = new Set(nodes);
  return (key) => wanted.has(nodeOf(hashKey(key), level));
}

/** The node of a level that a key with this hash is below. */
function nodeOf(keyHash: Digest, level: number): number {
  return level === 0 ? 0 : keyHash.high >>> (32 - bitsPerLevel * level);
}

/** Nodes of all levels above. */
function firstNodeOf(level: number): number {
  return (nodesOf(level) - 1) / (fanOut - 1);
}
