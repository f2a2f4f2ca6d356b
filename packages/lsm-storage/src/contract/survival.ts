/**
 * What of the unsynced is there after a power loss, part by part: where chance alone would be long in coming upon the
 * one bad outcome, a test goes through them all. The parts of a disk, its unsynced pages and names, have numbers from 0
 * in an order that stays the same for as long as the disk is not written to.
 */

import type { Random } from './random.ts';

export class Survival {
  readonly #keeps: (part: number) => boolean;
  readonly #random: Random | undefined;
  #parts = 0;

  /** With `random`, of each file the last page that survives is cut at a byte; else it is there whole. */
  constructor(keeps: (part: number) => boolean, random?: Random) {
    this.#keeps = keeps;
    this.#random = random;
  }

  /** Parts asked about so far. */
  get parts(): number {
    return this.#parts;
  }

  /** Whether the next part survives. */
  keeps(): boolean {
    return this.#keeps(this.#parts++);
  }

  /** How many bytes there are of the last page of a file that survives. */
  lastPageBytes(pageBytes: number): number {
    return this.#random === undefined ? pageBytes : Math.floor(this.#random() * (pageBytes + 1));
  }
}
