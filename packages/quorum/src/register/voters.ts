/**
 * Whose word counts: one set of acceptors, or two while one takes over from another (joint consensus). Something holds
 * when a majority of every set says so, so two things that hold always have a witness in common.
 */
import { majority } from '../levels.ts';

export class Voters {
  readonly #sets: readonly (readonly string[])[];
  /** Everyone, once. */
  readonly all: readonly string[];

  /** At least one set, none of them empty. */
  constructor(...sets: readonly (readonly string[])[]) {
    if (sets.length === 0 || sets.some((set) => set.length === 0)) {
      throw new RangeError('voters need at least one set, and each of them at least one voter');
    }
    this.#sets = sets.map((set) => [...new Set(set)]);
    this.all = [...new Set(sets.flat())];
  }

  has(voter: string): boolean {
    return this.all.includes(voter);
  }

  /** Whether a majority of every set satisfies this. */
  majorityOf(holds: (voter: string) => boolean): boolean {
    return this.#sets.every((set) => set.filter(holds).length >= majority(set.length));
  }
}
