/**
 * When a read asks one replica more than it needs, because one is slow (Dean, Barroso 2013): after as long as is usual for
 * those it waits for, and within a budget that all reads of this member share. What it sees of their latencies tells the
 * next reads whom to ask first, and how long to wait.
 */
import type { HedgeBudget, LatencyTracker } from '@kv/quorum';
import type { Counters } from '../counters.ts';
import type { ClusterNodeOptions } from '../options.ts';
import type { Clock, Timer, Timers } from '../ports.ts';

export interface StandInDependencies {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Of all members, as such reads find them. */
  readonly latencies: LatencyTracker;
  readonly hedges: HedgeBudget;
  readonly counters: Counters;
  readonly options: ClusterNodeOptions;
}

export interface StandInCallbacks {
  /** Asks one more; false when there was nobody to ask now. */
  readonly standIn: () => boolean;
  /** Called once, as soon as the read is slow, whether it may ask one more or not. */
  readonly slow?: () => void;
}

/** Below this, what looks slow is as likely a moment's pause of this process. */
const leastPatienceMs = 10;

export class StandIns {
  readonly #dependencies: StandInDependencies;
  readonly #callbacks: StandInCallbacks;
  /** Who was asked and has not answered, and when. */
  readonly #awaited = new Map<string, number>();
  #isSlow = false;
  #stopped = false;
  #timer: Timer | undefined;

  /** Of one read, which begins now. */
  constructor(dependencies: StandInDependencies, callbacks: StandInCallbacks) {
    this.#dependencies = dependencies;
    this.#callbacks = callbacks;
    dependencies.hedges.earn();
  }

  /** Those who are asked first have been asked. */
  start(): void {
    this.#later(this.#patienceMs());
  }

  /** @returns when, in monotonic milliseconds, for {@link answered} */
  asked(replica: string): number {
    const now = this.#now();
    this.#awaited.set(replica, now);
    return now;
  }

  answered(replica: string, askedAt: number): void {
    const now = this.#now();
    if (this.#awaited.delete(replica)) this.#dependencies.latencies.record(replica, now - askedAt, now);
  }

  /** It will not answer any more: that tells nothing of how quick it is. */
  failed(replica: string): void {
    this.#awaited.delete(replica);
  }

  /** The read has ended; answers that come yet are still taken note of. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #later(ms: number): void {
    if (!this.#stopped) this.#timer = this.#dependencies.timers.set(ms, () => this.#standIn());
  }

  #standIn(): void {
    const { hedges, counters, options } = this.#dependencies;
    this.#tellSlow();
    if (!hedges.take()) {
      counters.standInsRefused += 1;
      this.#later(this.#patienceMs());
      return;
    }
    if (this.#callbacks.standIn()) {
      counters.standIns += 1;
      this.#later(this.#patienceMs());
      return;
    }
    hedges.giveBack();
    this.#later(options.standInAfterMs);
  }

  /** Who has not answered by now is at least so slow: the next reads ask others first. */
  #tellSlow(): void {
    const now = this.#now();
    for (const [replica, since] of this.#awaited) this.#dependencies.latencies.record(replica, now - since, now);
    if (this.#isSlow) return;
    this.#isSlow = true;
    this.#callbacks.slow?.();
  }

  /** As long as one answer of a hundred takes of the slowest that is waited for. */
  #patienceMs(): number {
    const { latencies, options } = this.#dependencies;
    let patienceMs = leastPatienceMs;
    for (const replica of this.#awaited.keys()) {
      patienceMs = Math.max(patienceMs, latencies.percentileMs(replica) ?? options.standInAfterMs);
    }
    return Math.min(patienceMs, options.standInAfterMs);
  }

  #now(): number {
    return this.#dependencies.clock.monotonicMs();
  }
}
