/**
 * The names in one directory, as programs see them and as they are on the medium. Every change is remembered until
 * the directory is synced; a crash keeps some of the changes and undoes the others. A rename is one change: it is
 * never seen half done.
 */
import type { SeededRandom } from '../seeded-random.ts';
import type { CachedFile } from './cached-file.ts';
import type { CrashLosses, CrashOutcome } from './crash.ts';

export type Node = CachedFile | Directory;

/** What happened to names: `from` went away (if given), `to` now leads to `node` (if given). */
export interface Change {
  readonly from?: string;
  readonly to?: string;
  readonly node: Node;
}

export class Directory {
  #present = new Map<string, Node>();
  readonly #medium = new Map<string, Node>();
  #unsynced: Change[] = [];

  get dirty(): boolean {
    return this.#unsynced.length > 0;
  }

  get(name: string): Node | undefined {
    return this.#present.get(name);
  }

  /** Sorted by code unit. */
  names(): string[] {
    return [...this.#present.keys()].sort();
  }

  nodes(): Node[] {
    return this.names().flatMap((name) => this.#present.get(name) ?? []);
  }

  add(name: string, node: Node): void {
    this.#change({ to: name, node });
  }

  remove(name: string, node: Node): void {
    this.#change({ from: name, node });
  }

  rename(from: string, to: string, node: Node): void {
    this.#change({ from, to, node });
  }

  /** The changes that a sync which begins now makes durable. */
  beginSync(): ReadonlySet<Change> {
    return new Set(this.#unsynced);
  }

  endSync(changes: ReadonlySet<Change>): void {
    for (const change of this.#unsynced) if (changes.has(change)) apply(this.#medium, change);
    this.#unsynced = this.#unsynced.filter((change) => !changes.has(change));
  }

  crash(random: SeededRandom, outcome: CrashOutcome, losses: CrashLosses): void {
    for (const change of this.#unsynced) {
      if (random.chance(outcome.entryReached)) apply(this.#medium, change);
      else losses.entries += 1;
    }
    this.#unsynced = [];
    this.#present = new Map(this.#medium);
    for (const node of this.nodes()) node.crash(random, outcome, losses);
  }

  #change(change: Change): void {
    apply(this.#present, change);
    this.#unsynced.push(change);
  }
}

function apply(names: Map<string, Node>, { from, to, node }: Change): void {
  if (from !== undefined && names.get(from) === node) names.delete(from);
  if (to !== undefined) names.set(to, node);
}
