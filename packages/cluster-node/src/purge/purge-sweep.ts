/**
 * Looks through a range for what is spent below its watermark, and forgets it: a piece at a time, each deletion a write of its
 * own, so that trees and whoever reads meanwhile are never wrong.
 */
import type { AcceptorStore } from '../replica/acceptor-store.ts';
import type { Replica } from '../replica/replica.ts';
import type { Range } from '../repair/range-records.ts';
import type { RangeTrees } from '../repair/range-trees.ts';
import type { Topology } from '../topology/topology.ts';
import type { Deletions } from './deletions.ts';
import { spentRecords } from './spent-records.ts';
import type { Watermarks } from './watermarks.ts';

export interface PurgeSweepDependencies {
  readonly trees: RangeTrees;
  readonly replica: Replica;
  readonly acceptors: AcceptorStore;
  readonly watermarks: Watermarks;
  readonly deletions: Deletions;
  readonly topology: () => Topology;
}

/** Entries looked at in one step. */
const pieceEntries = 256;

export class PurgeSweep {
  readonly #dependencies: PurgeSweepDependencies;
  readonly #range: Range;
  readonly #isStrong: boolean;
  #after: Uint8Array | undefined;
  #underWay = 0;
  #over = false;

  constructor(dependencies: PurgeSweepDependencies, range: Range) {
    this.#dependencies = dependencies;
    this.#range = range;
    this.#isStrong = dependencies.topology().keyspaceById(range.keyspaceId)?.mode === 'strong';
    dependencies.deletions.forget(range);
  }

  /** True once it came to the end and all that it began is done. */
  get over(): boolean {
    return this.#over && this.#underWay === 0;
  }

  /** Does a little more, unless what was begun before is still being written. */
  step(): void {
    if (this.#underWay > 0 || this.#over) return;
    const { trees, deletions } = this.#dependencies;
    const { spent, others, through } = trees.spentIn(this.#range, this.#after, pieceEntries);
    if (others > 0) deletions.note(this.#range);
    this.#after = through;
    this.#over = through === undefined;
    for (const key of spent) this.#purge(key);
  }

  #purge(key: Uint8Array): void {
    const { replica, acceptors, deletions } = this.#dependencies;
    this.#underWay += 1;
    const place = { ...this.#range, key };
    const done = (purged: boolean): void => {
      this.#underWay -= 1;
      if (!purged) deletions.note(this.#range);
    };
    if (this.#isStrong) acceptors.purge(place, done);
    else replica.purge(place, (meta) => this.#isSpent(meta), done);
  }

  #isSpent(meta: Uint8Array): boolean {
    return spentRecords.isSpent(meta, this.#dependencies.watermarks.of(this.#range).watermark);
  }
}
