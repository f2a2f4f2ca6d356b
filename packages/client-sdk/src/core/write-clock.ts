/**
 * Stamps this client's writes, each once, so that a retry through another coordinator is the same write.
 *
 * Stamps follow the cluster's clocks: they come after everything that the client has heard of, and never run ahead of
 * what the nodes themselves would stamp, however wrong the clock of this machine is.
 */
import { HybridLogicalClock, type Stamp, type Version } from '@kv/quorum';
import type { Clock } from './ports.ts';

export class WriteClock {
  readonly #clock: Clock;
  readonly #actor: string;
  readonly #hlc = new HybridLogicalClock();
  /** The nodes' clock minus this machine's monotonic one: at least, for a stamp takes time to arrive. */
  #nodesAheadMs = Number.NEGATIVE_INFINITY;

  /** @param actor 32 hexadecimal digits that no other client has */
  constructor(clock: Clock, actor: string) {
    this.#clock = clock;
    this.#actor = actor;
  }

  /** The highest stamp issued or heard of. */
  get latest(): Stamp {
    return this.#hlc.latest;
  }

  /** Hears of the stamp that came with a frame. */
  heard(stamp: Stamp): void {
    this.#hlc.merge(stamp);
    this.#nodesAheadMs = Math.max(this.#nodesAheadMs, stamp.ms - this.#clock.monotonicMs());
  }

  /** Only after a first stamp was heard. */
  stamp(): Version {
    const nodesMs = this.#nodesAheadMs + this.#clock.monotonicMs();
    return { ...this.#hlc.issue(Math.min(this.#clock.wallMs(), nodesMs)), actor: this.#actor };
  }
}
