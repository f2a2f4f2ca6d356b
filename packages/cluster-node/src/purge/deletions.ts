/** Which ranges hold deletions: only those are worth a round, and a look through what they store. */
import { nameOfRange, type Range, rangeNamed } from '../repair/range-records.ts';
import type { Topology } from '../topology/topology.ts';
import { mayBeSpentLater } from './spent-records.ts';

export class Deletions {
  readonly #ranges = new Set<string>();

  /** Ranges that may hold some. */
  get ranges(): Range[] {
    return [...this.#ranges].map(rangeNamed);
  }

  /** A record of an eventual keyspace was stored. */
  noteWrite(range: Range, meta: Uint8Array): void {
    if (meta.length > 0 && mayBeSpentLater(meta)) this.note(range);
  }

  /** The range holds one. */
  note(range: Range): void {
    this.#ranges.add(nameOfRange(range));
  }

  /** Forgets what is no keyspace any more. */
  follow(topology: Topology): void {
    for (const range of this.ranges) if (topology.keyspaceById(range.keyspaceId) === undefined) this.forget(range);
  }

  /** A look through the range begins: what it finds, or what is stored meanwhile, is noted again. */
  forget(range: Range): void {
    this.#ranges.delete(nameOfRange(range));
  }
}
