/**
 * What may be the case at one moment of a history: a state, and which of the operations under way have led to it.
 *
 * Of two configurations with the same state and the same operations that end some day, the one in which fewer
 * operations of unknown outcome have taken effect can still become everything that the other can: those may take
 * effect later, or never. So only the least such sets are kept, without which every unknown outcome would double the work.
 */
export interface Configuration<State> {
  readonly state: State;
  /** A bit for each operation under way that has taken effect and ends some day. */
  readonly closing: bigint;
  /** A bit for each operation that has taken effect and whose outcome nobody knows. */
  readonly open: bigint;
}

export class Configurations<State> {
  readonly #openSets = new Map<State, Map<bigint, bigint[]>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** False when it adds nothing to what is there. */
  add({ state, closing, open }: Configuration<State>): boolean {
    const ofState = this.#openSets.get(state) ?? new Map<bigint, bigint[]>();
    const before = ofState.get(closing) ?? [];
    if (before.some((set) => contains(open, set))) return false;
    const kept = before.filter((set) => !contains(set, open));
    kept.push(open);
    this.#size += kept.length - before.length;
    this.#openSets.set(state, ofState.set(closing, kept));
    return true;
  }

  *[Symbol.iterator](): Generator<Configuration<State>> {
    for (const [state, ofState] of this.#openSets) {
      for (const [closing, sets] of ofState) for (const open of sets) yield { state, closing, open };
    }
  }

  states(): State[] {
    return [...this.#openSets.keys()];
  }
}

function contains(set: bigint, part: bigint): boolean {
  return (set & part) === part;
}
