/**
 * Anti-entropy (Dynamo §4.7): keeps the ranges of this member in step with every other owner, continuously and at low
 * priority, whether anybody reads them or not.
 */
import { RepairSchedule } from '@kv/anti-entropy';
import type { Membership } from '../membership/membership.ts';
import type { Random } from '../ports.ts';
import type { Topology } from '../topology/topology.ts';
import type { ConfirmedTime } from './confirmed-time.ts';
import { ExchangeDriver, type ExchangeDriverDependencies } from './exchange-driver.ts';
import { type Range, nameOfRange, rangeNamed, rangesOf } from './range-trees.ts';

export interface RepairerDependencies extends ExchangeDriverDependencies {
  readonly random: Random;
  readonly membership: Membership;
  readonly confirmed: ConfirmedTime;
}

export interface RepairerOptions {
  readonly intervalMs: number;
}

/** The range and the owner with whom it was compared the longest ago. */
export interface RepairDebt extends Range {
  readonly peer: string;
  /** Milliseconds since everything was last known to be with both, since this member had the range if never; over its restarts too. */
  readonly ageMs: number;
}

/** What could not be read is read again after so many milliseconds. */
const rereadMs = 60_000;

/** All pairings are looked through for the oldest one. */
const noteEveryMs = 5000;

/** Counting what is stored takes turns with other work: it stops after so many milliseconds. */
const scanMs = 5;

export class Repairer {
  readonly #dependencies: RepairerDependencies;
  readonly #schedule: RepairSchedule;
  #running = false;
  #scanning = true;
  #rereadAt = 0;
  #noteAt = 0;

  constructor(dependencies: RepairerDependencies, { intervalMs }: RepairerOptions) {
    this.#dependencies = dependencies;
    this.#schedule = new RepairSchedule(dependencies.random, { intervalMs });
  }

  start(): void {
    this.follow();
    this.#running = true;
  }

  /** The topology has changed: there may be other ranges, and trees that nothing was counted for yet. */
  follow(): void {
    const { self, topology, clock, confirmed } = this.#dependencies;
    const pairings = rangesOf(self, topology()).flatMap((range) =>
      ownersOf(topology(), range)
        .filter((owner) => owner !== self)
        .map((peer) => ({ range: nameOfRange(range), peer })),
    );
    const now = clock.monotonicMs();
    // What this member had before it started was not compared since; what comes later is new.
    this.#schedule.setPairings(pairings, now, this.#running ? now : now - confirmed.ageMs);
    this.#scanning = true;
  }

  /** See {@link RangeTrees.recount}. */
  async recount(range: Range): Promise<void> {
    try {
      await this.#dependencies.trees.recount(range);
    } finally {
      this.#scanning = true;
    }
  }

  /** No exchange goes on after this. */
  stop(): void {
    this.#running = false;
  }

  tick(): void {
    this.#reread();
    if (this.#scanning) this.#scan();
    this.#begin();
    this.#noteConfirmed();
  }

  /** The owner is known to miss something of the range: its comparison comes before all that are not marked. */
  mark(range: Range, peer: string): void {
    this.#schedule.mark({ range: nameOfRange(range), peer });
  }

  debt(): RepairDebt | undefined {
    const debt = this.#schedule.debt(this.#dependencies.clock.monotonicMs());
    return debt && { ...rangeNamed(debt.range), peer: debt.peer, ageMs: debt.ageMs };
  }

  #noteConfirmed(): void {
    const { clock, confirmed } = this.#dependencies;
    if (clock.monotonicMs() < this.#noteAt) return;
    this.#noteAt = clock.monotonicMs() + noteEveryMs;
    const debt = this.debt();
    if (debt !== undefined) confirmed.note(debt.ageMs);
  }

  #scan(): void {
    const { clock, trees } = this.#dependencies;
    const end = clock.monotonicMs() + scanMs;
    while (this.#scanning && clock.monotonicMs() < end) this.#scanning = trees.scanOn();
    if (!this.#scanning) this.#rereadAt = clock.monotonicMs() + rereadMs;
  }

  #reread(): void {
    const { clock, trees } = this.#dependencies;
    if (this.#scanning || !trees.someAreUnreadable || clock.monotonicMs() < this.#rereadAt) return;
    trees.retryUnreadable();
    this.#scanning = true;
  }

  #begin(): void {
    const { clock, membership } = this.#dependencies;
    const isAlive = (peer: string): boolean => membership.stateOf(peer) === 'alive';
    const pairing = this.#running ? this.#schedule.begin(clock.monotonicMs(), isAlive) : undefined;
    if (pairing === undefined) return;
    const range = rangeNamed(pairing.range);
    if (!this.isCounted(range)) {
      this.#schedule.finished(pairing, false, clock.monotonicMs());
      return;
    }
    this.compare(range, pairing.peer, (confirmed) => {
      this.#schedule.finished(pairing, confirmed, clock.monotonicMs());
      this.#begin();
    });
  }

  /** False while what is stored of the range is yet to be counted: until then nothing can be compared. */
  isCounted(range: Range): boolean {
    return this.#dependencies.trees.of(range)?.complete === true;
  }

  /**
   * Compares the range with another owner and repairs what differs. `done`: whether everything that was written before this
   * began is with both.
   */
  compare(range: Range, peer: string, done: (confirmed: boolean) => void): void {
    const { trees, counters, topology } = this.#dependencies;
    const tree = trees.of(range);
    if (!this.#running || tree === undefined || !tree.complete) {
      done(false);
      return;
    }
    const merges = topology().keyspaceById(range.keyspaceId)?.conflict === 'siblings';
    new ExchangeDriver(this.#dependencies, { range, merges, tree, peer }, (confirmed) => {
      if (confirmed) counters.exchangesConfirmed += 1;
      else counters.exchangesFailed += 1;
      done(confirmed);
    }).start();
  }
}

function ownersOf(topology: Topology, { partition, keyspaceId }: Range): readonly string[] {
  const keyspace = topology.keyspaceById(keyspaceId);
  return keyspace === undefined ? [] : topology.owners(keyspace, partition);
}
