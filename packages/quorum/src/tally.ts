/**
 * Counts who answered. Each server counts once, however often its answer arrives (a retried or duplicated message must
 * not make a quorum), and the result is one of three: a quorum that can still be met is not a failed one.
 */
export type TallyOutcome = 'pending' | 'met' | 'unreachable';

export class Tally {
  readonly needed: number;
  readonly #candidates: ReadonlySet<string>;
  readonly #acknowledged = new Set<string>();
  readonly #failed = new Set<string>();

  /** @param candidates the distinct servers whose answers count; a quorum needs `needed` of them. */
  constructor(candidates: Iterable<string>, needed: number) {
    this.#candidates = new Set(candidates);
    this.needed = needed;
  }

  /** Servers that acknowledged. Invariant: a subset of the candidates, disjoint from the failed ones. */
  get got(): number {
    return this.#acknowledged.size;
  }

  get outcome(): TallyOutcome {
    if (this.got >= this.needed) return 'met';
    return this.#candidates.size - this.#failed.size >= this.needed ? 'pending' : 'unreachable';
  }

  /** An acknowledgement outweighs an earlier failure: the server did answer in the end. */
  acknowledge(server: string): void {
    if (!this.#candidates.has(server)) return;
    this.#failed.delete(server);
    this.#acknowledged.add(server);
  }

  /** A failure after an acknowledgement changes nothing: what is durable stays durable. */
  fail(server: string): void {
    if (this.#candidates.has(server) && !this.#acknowledged.has(server)) this.#failed.add(server);
  }

  has(server: string): boolean {
    return this.#acknowledged.has(server);
  }
}
