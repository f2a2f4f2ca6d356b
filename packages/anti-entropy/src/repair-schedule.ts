/**
 * Which exchange is next, and how far repair has come. Each range that this node holds is compared with each peer that
 * holds it too, one after the other and each about once in an interval; what was marked goes first. A finished exchange
 * confirms that everything written before it began is on both sides; the age of the oldest confirmation is the repair
 * debt: how long a divergence may have gone unnoticed.
 */
import { type Due, DueQueue } from './due-queue.ts';
import { AntiEntropyError } from './errors.ts';

/** A range, by any name, and a peer that holds it too. */
export interface Pairing {
  readonly range: string;
  readonly peer: string;
}

export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

export interface RepairScheduleOptions {
  /** Milliseconds in which each pairing has its turn, if there is time; default 60 000. */
  readonly intervalMs?: number;
  /** Exchanges under way at once; default 1: repair is never urgent enough to be in the way. */
  readonly concurrency?: number;
}

export interface RepairDebt extends Pairing {
  /** Milliseconds since the last moment of which it is known that both sides had everything. */
  readonly ageMs: number;
}

/** The turns with one peer that are not under way, by when they are due. */
interface PeerTurns {
  readonly marked: DueQueue<Turn>;
  readonly others: DueQueue<Turn>;
}

/** Due when its next exchange is. */
interface Turn extends Pairing, Due {
  confirmedAt: number;
  /** When the exchange under way began. */
  startedAt: number | undefined;
  /** Something is known to be missing there. */
  marked: boolean;
  /** It was when the exchange under way began. */
  startedMarked: boolean;
  /** Exchanges in a row that were marked and not confirmed. */
  failures: number;
}

/** Milliseconds until an exchange that was marked and not confirmed is tried again: each time twice as many. */
const retryMs = 1000;
/** What a peer cannot make good may stay so for days: it must not keep both sides busy. */
const longestRetryMs = 32_000;

export class RepairSchedule {
  readonly #random: Random;
  readonly #intervalMs: number;
  readonly #concurrency: number;
  readonly #turns = new Map<string, Turn>();
  readonly #waiting = new Map<string, PeerTurns>();
  #underWay = 0;

  /** @throws AntiEntropyError INVALID_OPTION */
  constructor(random: Random, { intervalMs = 60_000, concurrency = 1 }: RepairScheduleOptions = {}) {
    if (!(intervalMs > 0)) throw invalid('intervalMs must be above 0', intervalMs);
    if (!(Number.isInteger(concurrency) && concurrency > 0)) throw invalid('concurrency must be above 0', concurrency);
    this.#random = random;
    this.#intervalMs = intervalMs;
    this.#concurrency = concurrency;
  }

  /**
   * What is to be kept in step from now on. What was known before keeps its place; what is new is due at a random moment
   * of the next interval and counts as confirmed then, if nobody knows better: now.
   */
  setPairings(pairings: Iterable<Pairing>, now: number, confirmedAt: number = now): void {
    const wanted = new Map([...pairings].map((pairing) => [nameOf(pairing), pairing]));
    for (const [name, turn] of this.#turns) if (!wanted.has(name)) this.#forget(name, turn);
    for (const [name, { range, peer }] of wanted) {
      if (this.#turns.has(name)) continue;
      const dueAt = now + this.#random.next() * this.#intervalMs;
      const turn: Turn = {
        ...{ range, peer, dueAt, confirmedAt },
        ...{ place: undefined, startedAt: undefined, marked: false, startedMarked: false, failures: 0 },
      };
      this.#turns.set(name, turn);
      this.#queueOf(turn).add(turn);
    }
  }

  /**
   * Something is known to be missing there: its exchange comes before all that are not marked, again and again until one
   * is confirmed.
   */
  mark(pairing: Pairing): void {
    const turn = this.#turns.get(nameOf(pairing));
    if (turn === undefined) return;
    if (turn.startedAt === undefined) this.#queueOf(turn).remove(turn);
    turn.dueAt = Number.NEGATIVE_INFINITY;
    turn.marked = true;
    if (turn.startedAt === undefined) this.#queueOf(turn).add(turn);
  }

  /** Begins the exchange that is due the longest with a peer of whom `reachable` is true; it must be {@link finished}. */
  begin(now: number, reachable: (peer: string) => boolean): Pairing | undefined {
    if (this.#underWay >= this.#concurrency) return undefined;
    const there = [...this.#waiting].flatMap(([peer, turns]) => (reachable(peer) ? [turns] : []));
    const due =
      earliest(
        there.map(({ marked }) => marked.first),
        now,
      ) ??
      earliest(
        there.map(({ others }) => others.first),
        now,
      );
    if (due === undefined) return undefined;
    this.#queueOf(due).remove(due);
    this.#underWay += 1;
    due.startedAt = now;
    due.startedMarked = due.marked;
    due.marked = false;
    return { range: due.range, peer: due.peer };
  }

  /** `confirmed`: the exchange came to its end, and all that differed was made the same. */
  finished(pairing: Pairing, confirmed: boolean, now: number): void {
    const turn = this.#turns.get(nameOf(pairing));
    if (turn?.startedAt === undefined) return;
    this.#underWay -= 1;
    if (confirmed) {
      turn.confirmedAt = turn.startedAt;
      turn.failures = 0;
    }
    turn.startedAt = undefined;
    if (turn.marked) {
      turn.dueAt = Number.NEGATIVE_INFINITY;
    } else if (turn.startedMarked && !confirmed) {
      turn.marked = true;
      turn.dueAt = now + Math.min(retryMs * 2 ** turn.failures, longestRetryMs, this.#intervalMs);
      turn.failures += 1;
    } else {
      turn.dueAt = now + this.#intervalMs * (0.75 + 0.5 * this.#random.next());
    }
    this.#queueOf(turn).add(turn);
  }

  /** The pairing that was confirmed the longest ago; `undefined`: there is none. */
  debt(now: number): RepairDebt | undefined {
    let oldest: Turn | undefined;
    for (const turn of this.#turns.values())
      if (oldest === undefined || turn.confirmedAt < oldest.confirmedAt) oldest = turn;
    return oldest && { range: oldest.range, peer: oldest.peer, ageMs: Math.max(0, now - oldest.confirmedAt) };
  }

  /**
   * Up to when everything that was written to a range is known to be with each of these peers; `undefined`: with one of
   * them the range is not compared.
   */
  confirmedUpTo(range: string, peers: readonly string[]): number | undefined {
    let least = Number.POSITIVE_INFINITY;
    for (const peer of peers) {
      const turn = this.#turns.get(nameOf({ range, peer }));
      if (turn === undefined) return undefined;
      least = Math.min(least, turn.confirmedAt);
    }
    return least;
  }

  #queueOf({ peer, marked }: Turn): DueQueue<Turn> {
    let turns = this.#waiting.get(peer);
    if (turns === undefined) this.#waiting.set(peer, (turns = { marked: new DueQueue(), others: new DueQueue() }));
    return marked ? turns.marked : turns.others;
  }

  #forget(name: string, turn: Turn): void {
    this.#turns.delete(name);
    if (turn.startedAt !== undefined) this.#underWay -= 1;
    else this.#queueOf(turn).remove(turn);
  }
}

function earliest(turns: readonly (Turn | undefined)[], now: number): Turn | undefined {
  return turns.reduce((first, turn) => {
    if (turn === undefined || turn.dueAt > now) return first;
    return first === undefined || turn.dueAt < first.dueAt ? turn : first;
  }, undefined);
}

function nameOf({ range, peer }: Pairing): string {
  return `${range.length}:${range}${peer}`;
}

function invalid(needed: string, got: number): AntiEntropyError {
  return new AntiEntropyError('INVALID_OPTION', `${needed}, got ${got}`);
}
