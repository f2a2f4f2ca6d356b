/**
 * Which node a request is tried at next, and when: through the candidates in their order, over again while time lasts.
 * The first failover is immediate, but not from a node that is busy; later ones wait, longer each round and never the same
 * time, so that clients of a cluster in trouble do not knock in step. A node that is merely silent is not waited for: the next one is asked while
 * the first may still answer.
 *
 * A plain synchronous object: the driver carries out its effects and says what became of each attempt.
 */
import type { Random } from './ports.ts';

export type AttemptEffect =
  | { readonly type: 'send'; readonly to: string }
  /** Call `next` after this time. This and `watch` replace an earlier one of the two. */
  | { readonly type: 'wait'; readonly forMs: number }
  /** Call `next` once the node that was asked last has been silent for so long. */
  | { readonly type: 'watch'; readonly forMs: number }
  /** Nothing is under way and nothing more will be tried. */
  | { readonly type: 'give-up' };

/** Higher: rides out longer restarts. Lower: fails sooner, and loads a cluster in trouble less. */
const maxAttempts = 12;
const shortestWaitMs = 50;
const longestWaitMs = 500;

export class Attempts {
  readonly #candidates: readonly string[];
  #only: string | undefined;
  readonly #patienceMs: number;
  readonly #random: Random;
  #made = 0;
  #underWay = 0;
  /** Attempts that met a busy node. */
  #busy = 0;

  /**
   * @param candidates addresses, the best first; at least one
   * @param patienceMs how long a node may be silent before the next one is asked as well
   */
  constructor(candidates: readonly string[], patienceMs: number, random: Random) {
    this.#candidates = candidates;
    this.#patienceMs = patienceMs;
    this.#random = random;
  }

  /** From now on only this one is tried; `undefined`: all of them again. */
  stayAt(candidate: string | undefined): void {
    this.#only = candidate;
  }

  /** An attempt was given up before it left. */
  dropped(): void {
    this.#underWay -= 1;
  }

  start(): AttemptEffect[] {
    return this.next();
  }

  /**
   * An attempt ended without settling the request.
   * @param isBusy the node has too much under way: where one has, the others soon would, if all clients turned to them at once
   */
  ended(isBusy = false): AttemptEffect[] {
    this.#underWay -= 1;
    if (isBusy) this.#busy += 1;
    if (this.#made < maxAttempts) return [{ type: 'wait', forMs: this.#waitMs(isBusy) }];
    return this.#underWay === 0 ? [{ type: 'give-up' }] : [];
  }

  /** Tries the next node, as `wait` or `watch` said. */
  next(): AttemptEffect[] {
    if (this.#made >= maxAttempts) return [];
    const to = this.#only ?? this.#candidates[this.#made % this.#candidates.length];
    if (to === undefined) return [{ type: 'give-up' }];
    this.#made += 1;
    this.#underWay += 1;
    return [
      { type: 'send', to },
      { type: 'watch', forMs: this.#patienceMs },
    ];
  }

  /** None within the first round; then doubled with each round, between half and all of it. For the busy with each attempt. */
  #waitMs(isBusy: boolean): number {
    const round = isBusy ? this.#busy : Math.floor(this.#made / this.#candidates.length);
    if (round === 0) return 0;
    const most = Math.min(longestWaitMs, shortestWaitMs * 2 ** (round - 1));
    return most * (0.5 + this.#random.next() / 2);
  }
}
