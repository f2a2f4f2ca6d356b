/**
 * Forgets deletions for good, where that is safe: has the watermarks of the ranges that this member is the first owner of raised,
 * one range at a time, and sweeps those that it owns. An absent member holds a watermark back however long it is away, so that
 * what it still has never comes back to life (the purge by age alone of Cassandra's `gc_grace_seconds` is what this replaces).
 */
import { compareStamps, maxStampCounter, type Stamp, zeroStamp } from '@kv/quorum';
import type { Counters } from '../counters.ts';
import type { Log } from '../ports.ts';
import { nameOfRange, type Range, rangeNamed } from '../repair/range-records.ts';
import type { Strategies } from '../strategies.ts';
import type { Topology } from '../topology/topology.ts';
import type { HeldBack, PurgeRound, PurgeRoundDependencies } from './purge-round.ts';
import { PurgeSweep, type PurgeSweepDependencies } from './purge-sweep.ts';

export interface PurgerDependencies extends PurgeRoundDependencies, PurgeSweepDependencies {
  readonly counters: Counters;
  readonly log: Log;
  readonly strategies: Pick<Strategies, 'purgeRound'>;
  readonly now: () => number;
}

export interface PurgerOptions {
  readonly purgeAfterMs: number;
  readonly purgeIntervalMs: number;
}

/** A range whose deletions cannot be forgotten at the moment, and on whose account. */
export interface PurgeDebt extends Range {
  /** Id of the member that holds the watermark back. */
  readonly member: string;
  readonly reason: string;
  /** Milliseconds since it was held back first. */
  readonly ageMs: number;
}

interface Debt extends HeldBack {
  readonly sinceMs: number;
}

/** The longest time until a watermark that was held back is tried again. */
const retryMs = 60_000;
/** A sweep takes turns with other work: it stops after so many milliseconds. */
const sweepMs = 5;

export class Purger {
  readonly #dependencies: PurgerDependencies;
  readonly #options: PurgerOptions;
  /** When the next round of a range is due, in monotonic milliseconds. */
  readonly #dueAt = new Map<string, number>();
  readonly #debts = new Map<string, Debt>();
  /** Up to where a range was swept last: below that there was nothing left. */
  readonly #swept = new Map<string, Stamp>();
  #round: PurgeRound | undefined;
  #sweep: PurgeSweep | undefined;
  #running = true;

  constructor(dependencies: PurgerDependencies, options: PurgerOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  /** Nothing is begun after this. */
  stop(): void {
    this.#running = false;
  }

  tick(): void {
    if (!this.#running) return;
    this.#beginRound();
    this.#sweepOn();
  }

  /** The one that is held back the longest, as far as this member knows; `undefined`: none is. */
  debt(): PurgeDebt | undefined {
    const now = this.#dependencies.clock.monotonicMs();
    const [first] = [...this.#debts].sort(([, a], [, b]) => a.sinceMs - b.sinceMs);
    if (first === undefined) return undefined;
    const [name, { member, reason, sinceMs }] = first;
    return { ...rangeNamed(name), member, reason, ageMs: Math.max(0, now - sinceMs) };
  }

  #beginRound(): void {
    if (this.#round !== undefined) return;
    const range = this.#nextRange();
    if (range === undefined) return;
    const { topology, now } = this.#dependencies;
    const current = topology();
    const keyspace = current.keyspaceById(range.keyspaceId);
    const upTo = { ms: Math.trunc(now() - this.#options.purgeAfterMs), counter: maxStampCounter };
    if (keyspace === undefined || upTo.ms <= 0) return;
    const members = current.state.members.map(({ id }) => id);
    const owners = current.owners(keyspace, range.partition);
    const plan = { range, upTo, members, owners };
    this.#round = this.#dependencies.strategies.purgeRound(this.#dependencies, plan, (heldBack) => {
      this.#round = undefined;
      this.#ended(range, heldBack);
    });
    this.#round.start();
  }

  /** Forgets what is no keyspace any more. */
  follow(topology: Topology): void {
    for (const known of [this.#dueAt, this.#debts, this.#swept]) {
      for (const name of known.keys()) {
        if (topology.keyspaceById(rangeNamed(name).keyspaceId) === undefined) known.delete(name);
      }
    }
  }

  /** Of the ranges with deletions that this member is the first owner of, the one that is due the longest. */
  #nextRange(): Range | undefined {
    const { clock, deletions, self, topology } = this.#dependencies;
    const current = topology();
    const now = clock.monotonicMs();
    let next: { readonly range: Range; readonly dueAt: number } | undefined;
    const noted = new Set<string>();
    for (const range of deletions.ranges) {
      const keyspace = current.keyspaceById(range.keyspaceId);
      const [first] = keyspace === undefined ? [] : current.owners(keyspace, range.partition);
      if (first === undefined) continue;
      noted.add(nameOfRange(range));
      const dueAt = this.#dueAtOf(range, now);
      if (dueAt > now) continue;
      if (first !== self) this.#ask(first, range);
      else if (next === undefined || dueAt < next.dueAt) next = { range, dueAt };
    }
    for (const name of this.#debts.keys()) if (!noted.has(name)) this.#debts.delete(name);
    return next?.range;
  }

  /** It may hold no deletion of the range itself any more, and then begins no round by itself. */
  #ask(first: string, range: Range): void {
    const { membership, peers } = this.#dependencies;
    if (membership.stateOf(first) !== 'alive') {
      this.#ended(range, { member: first, reason: 'MEMBER_AWAY' });
      return;
    }
    const { partition, keyspaceId } = range;
    peers.tell(first, { type: 'purge-wanted', partition }, { keyspaceId });
    this.#debts.delete(nameOfRange(range));
    this.#dueAt.set(nameOfRange(range), this.#dependencies.clock.monotonicMs() + this.#options.purgeIntervalMs);
  }

  #dueAtOf(range: Range, now: number): number {
    const name = nameOfRange(range);
    const known = this.#dueAt.get(name);
    if (known !== undefined) return known;
    const dueAt = now + this.#options.purgeIntervalMs;
    this.#dueAt.set(name, dueAt);
    return dueAt;
  }

  #ended(range: Range, heldBack: HeldBack | undefined): void {
    const { clock, counters, log } = this.#dependencies;
    const name = nameOfRange(range);
    const now = clock.monotonicMs();
    if (heldBack === undefined) {
      counters.watermarksRaised += 1;
      this.#debts.delete(name);
      this.#dueAt.set(name, now + this.#options.purgeIntervalMs);
      return;
    }
    counters.watermarksHeldBack += 1;
    if (![...this.#debts.values()].some(({ member, reason }) => isSame(heldBack, { member, reason }))) {
      log.warn('purge-held-back', { ...heldBack, ...range });
    }
    this.#debts.set(name, { ...heldBack, sinceMs: this.#debts.get(name)?.sinceMs ?? now });
    this.#dueAt.set(name, now + Math.min(retryMs, this.#options.purgeIntervalMs));
  }

  #sweepOn(): void {
    const { clock } = this.#dependencies;
    const end = clock.monotonicMs() + sweepMs;
    this.#sweep ??= this.#nextSweep();
    // What a step begins to write is over at the next tick at the earliest; a step without any goes on at once.
    for (let steps = 0; this.#sweep !== undefined && steps < mostSteps && clock.monotonicMs() <= end; steps += 1) {
      this.#sweep.step();
      if (this.#sweep.over) this.#sweep = this.#nextSweep();
    }
  }

  /** A range with deletions whose watermark has risen since it was swept. */
  #nextSweep(): PurgeSweep | undefined {
    const { deletions, watermarks } = this.#dependencies;
    for (const range of deletions.ranges) {
      const name = nameOfRange(range);
      const { watermark } = watermarks.of(range);
      if (compareStamps(watermark, this.#swept.get(name) ?? zeroStamp) === 0) continue;
      this.#swept.set(name, watermark);
      return new PurgeSweep(this.#dependencies, range);
    }
    return undefined;
  }
}

/** Pieces that are looked at in one tick at most. */
const mostSteps = 64;

function isSame(a: HeldBack, b: HeldBack): boolean {
  return a.member === b.member && a.reason === b.reason;
}
