/**
 * What happens to bytes between two ends of the network: they pass, they come late, or they are held until the link is
 * mended, as TCP holds what it cannot deliver. One rule for each direction.
 */

/** Every connection of a client of the cluster, a person's `curl` included, has this end. */
export const clients = 'clients';

/** Ends by the names of members, or {@link clients}. */
export type Direction = readonly [from: string, to: string];

export type LinkRule =
  | { readonly type: 'pass' }
  | { readonly type: 'cut' }
  /** `ms`: how much later each byte arrives. */
  | { readonly type: 'delay'; readonly ms: number };

const pass: LinkRule = { type: 'pass' };

export class Links {
  readonly #rules = new Map<string, LinkRule>();
  readonly #watchers = new Set<() => void>();
  #hitBytes = 0;

  /** Bytes that met a rule other than `pass`, of all directions since the beginning. */
  get hitBytes(): number {
    return this.#hitBytes;
  }

  ruleOf(from: string, to: string): LinkRule {
    return this.#rules.get(keyOf(from, to)) ?? pass;
  }

  set(directions: readonly Direction[], rule: LinkRule): void {
    for (const [from, to] of directions) this.#rules.set(keyOf(from, to), rule);
    this.#changed();
  }

  /** Everything passes again. */
  mend(): void {
    this.#rules.clear();
    this.#changed();
  }

  countHit(bytes: number): void {
    this.#hitBytes += bytes;
  }

  /** Calls back after each change of the rules, until the returned function is called. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  #changed(): void {
    for (const changed of [...this.#watchers]) changed();
  }
}

function keyOf(from: string, to: string): string {
  return `${from} > ${to}`;
}
