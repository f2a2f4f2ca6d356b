/**
 * The range tombstones of a memtable, cut where they begin and end, so that between two neighbouring cuts all keys are
 * covered alike:
 *
 *     sequence 7        ├───────────┤
 *     sequence 3   ├────────┤
 *     cuts         │    │   │       │
 *     stacks       3   7,3  7       –
 *
 * Sequences only rise, so a new range goes on top of the stacks it covers; stacks share what lies below. A range that
 * covers many cuts costs as many stack cells: the price of look-ups that search once.
 */

import { compareBytes } from './bytes.ts';
import type { KeyRange } from './versioned-entry.ts';

/** A piece of a range tombstone that no newer one covers. */
export interface RangeFragment extends KeyRange {
  readonly sequence: number;
}

/** The ranges over one stretch of keys, the newest on top. */
interface Cell {
  readonly sequence: number;
  readonly below: Cell | undefined;
}

/** What a cut and a cell take in memory beside the key's bytes. */
const CUT_BYTES = 96;
const CELL_BYTES = 32;

export class RangeTombstones {
  /** Cuts in key order; the stack of each reaches to the next cut, that of the last one has no end. */
  readonly #cuts: Uint8Array[] = [];
  readonly #stacks: (Cell | undefined)[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#cuts.length === 0;
  }

  /** Memory taken, keys included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** `to`: exclusive; `undefined`: no end. Keeps both keys. `sequence` is not below any that was added before. */
  add(from: Uint8Array, to: Uint8Array | undefined, sequence: number): void {
    if (to !== undefined && compareBytes(from, to) >= 0) return;
    const start = this.#cutAt(from);
    const end = to === undefined ? this.#cuts.length : this.#cutAt(to);
    for (let i = start; i < end; i++) this.#stacks[i] = { sequence, below: this.#stacks[i] };
    this.#bytes += (end - start) * CELL_BYTES;
  }

  /** The sequence of the newest range that covers the key and is not above `upTo`; 0: there is none. */
  newestCovering(key: Uint8Array, upTo: number = Number.POSITIVE_INFINITY): number {
    if (this.#cuts.length === 0) return 0;
    let cell = this.#stacks[this.#firstCutAbove(key) - 1];
    while (cell !== undefined && cell.sequence > upTo) cell = cell.below;
    return cell === undefined ? 0 : cell.sequence;
  }

  /** What the ranges come to: in key order, not overlapping, each with its newest sequence. */
  fragments(): RangeFragment[] {
    const fragments: RangeFragment[] = [];
    for (const [i, stack] of this.#stacks.entries()) {
      if (stack === undefined) continue;
      const { sequence } = stack;
      const from = this.#cuts[i] as Uint8Array;
      const to = this.#cuts[i + 1];
      const last = fragments.at(-1);
      if (last?.to === from && last.sequence === sequence) fragments.splice(-1, 1, { from: last.from, to, sequence });
      else fragments.push({ from, to, sequence });
    }
    return fragments;
  }

  /** The number of the cut at this key, which is made if it is not there. */
  #cutAt(key: Uint8Array): number {
    const above = this.#firstCutAbove(key);
    const before = this.#cuts[above - 1];
    if (before !== undefined && compareBytes(before, key) === 0) return above - 1;
    this.#cuts.splice(above, 0, key);
    this.#stacks.splice(above, 0, this.#stacks[above - 1]);
    this.#bytes += key.length + CUT_BYTES;
    return above;
  }

  #firstCutAbove(key: Uint8Array): number {
    let low = 0;
    let high = this.#cuts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.#cuts[middle] as Uint8Array, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
