/**
 * Turns at an acceptor: while an operation that it gave a promise to has yet to ask it to accept, it lets other proposers of
 * the same key wait, in the order in which they came, instead of breaking the promise to the first for the second. So
 * proposers seldom outbid each other, and none is outbid for ever. It is a matter of speed alone: a proposer that does
 * not come back loses its turn soon, an acceptor that restarts has forgotten all turns, and what is asked is judged as ever.
 */
import type { Clock, Timer, Timers } from '../ports.ts';
import { Pace } from '../clock/pace.ts';

export interface PromiseTurnsDependencies {
  readonly clock: Clock;
  readonly timers: Timers;
}

interface Waiting {
  /** Monotonic milliseconds after which nobody waits for the answer. */
  readonly deadline: number;
  readonly serve: () => void;
}

interface Turn {
  readonly beganAt: number;
  readonly timer: Timer;
}

interface KeyTurns {
  turn: Turn | undefined;
  readonly waiting: Waiting[];
}

/** That may wait, for one key and for all; who comes then is served at once. */
const mostPerKey = 64;
const mostWaiting = 4096;
/** Of the usual time from a promise to its accept, how often an operation may take it before it loses its turn. */
const patience = 4;
const shortestTurnMs = 20;

export class PromiseTurns {
  readonly #dependencies: PromiseTurnsDependencies;
  readonly #keys = new Map<string, KeyTurns>();
  readonly #pace = new Pace();
  #waiting = 0;

  constructor(dependencies: PromiseTurnsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Serves a prepare now, or when its turn has come, if that is before its deadline. */
  enter(key: string, deadline: number, serve: () => void): void {
    const turns = this.#keys.get(key);
    const isFree = turns?.turn === undefined && (turns?.waiting.length ?? 0) === 0;
    if (isFree || (turns?.waiting.length ?? 0) >= mostPerKey || this.#waiting >= mostWaiting) {
      serve();
      return;
    }
    turns?.waiting.push({ deadline, serve });
    this.#waiting += 1;
  }

  /** A promise was given: the turn is its proposer's. */
  began(key: string): void {
    const turns = this.#keys.get(key) ?? { turn: undefined, waiting: [] };
    this.#keys.set(key, turns);
    turns.turn?.timer.cancel();
    const { clock, timers } = this.#dependencies;
    const longest = Math.max(shortestTurnMs, patience * this.#pace.roundMs);
    turns.turn = { beganAt: clock.monotonicMs(), timer: timers.set(longest, () => this.#end(key)) };
  }

  /** Something was accepted: the next one may come. */
  accepted(key: string): void {
    const turn = this.#keys.get(key)?.turn;
    if (turn === undefined) return;
    this.#pace.took(this.#dependencies.clock.monotonicMs() - turn.beganAt);
    turn.timer.cancel();
    this.#end(key);
  }

  #end(key: string): void {
    const turns = this.#keys.get(key);
    if (turns === undefined) return;
    turns.turn = undefined;
    while (turns.turn === undefined) {
      const next = turns.waiting.shift();
      if (next === undefined) break;
      this.#waiting -= 1;
      if (next.deadline > this.#dependencies.clock.monotonicMs()) next.serve();
    }
    if (turns.turn === undefined) this.#keys.delete(key);
  }
}
