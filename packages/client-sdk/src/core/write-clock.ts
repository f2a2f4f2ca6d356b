/**
 * Stamps this client's writes, each once, so that a retry through another coordinator is the same write. Stamps come
 * after everything that the client has heard of from the cluster.
 *
 * They follow this machine's wall clock until the cluster says that it is ahead; from then on they follow the nodes'.
 * Each time the clock is set back for that, it goes on as another actor: writes under way may carry the very stamps that
 * it comes through again, and no two writes share a version.
 */
import { compareStamps, HybridLogicalClock, type Stamp, type Version, zeroStamp } from '@kv/quorum';
import type { Clock } from './ports.ts';

export class WriteClock {
  readonly #clock: Clock;
  readonly #newActor: () => string;
  #actor: string;
  #hlc = new HybridLogicalClock();
  /** The highest stamp that came from the cluster. */
  #heard: Stamp = zeroStamp;
  /** The nodes' clock minus this machine's monotonic one: at least, for a stamp takes time to arrive. */
  #nodesAheadMs = Number.NEGATIVE_INFINITY;
  #followsNodes = false;

  /** @param newActor draws 32 hexadecimal digits that nobody else has */
  constructor(clock: Clock, newActor: () => string) {
    this.#clock = clock;
    this.#newActor = newActor;
    this.#actor = newActor();
  }

  /** The highest stamp issued or heard of. */
  get latest(): Stamp {
    return this.#hlc.latest;
  }

  /** Hears the clock of a node, from the header of a frame. */
  heard(stamp: Stamp): void {
    this.met(stamp);
    this.#nodesAheadMs = Math.max(this.#nodesAheadMs, stamp.ms - this.#clock.monotonicMs());
  }

  /** Meets a version that exists: what is stamped from now on comes after it, whichever clock it came from. */
  met(stamp: Stamp): void {
    this.#hlc.merge(stamp);
    if (compareStamps(stamp, this.#heard) > 0) this.#heard = stamp;
  }

  stamp(): Version {
    const wallMs = this.#clock.wallMs();
    const nodesMs = Math.max(0, this.#nodesAheadMs + this.#clock.monotonicMs());
    return { ...this.#hlc.issue(this.#followsNodes ? Math.min(wallMs, nodesMs) : wallMs), actor: this.#actor };
  }

  /**
   * A node refused a stamp of this client for being too far ahead. What was stamped and refused everywhere is forgotten:
   * it exists nowhere, and later stamps need not come after it.
   */
  refusedAsAhead(): void {
    this.#followsNodes = true;
    this.#hlc = new HybridLogicalClock(this.#heard);
    this.#actor = this.#newActor();
  }
}
