/** One direction between two addresses: its own random stream, its order, and what blocks it. */
import type { FaultKind } from '../fault-log.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { NetworkNoise, NetworkOptions } from './network-options.ts';

/** What keeps frames from passing a link; two blocks may cover the same link, each is lifted by itself. */
export interface Block {
  /** What is counted when the block stops a frame. */
  readonly kind: FaultKind;
  /** Whether frames wait for the end of the block also where links are datagrams: a clogged link. */
  readonly holds: boolean;
}

/** What chance decided for one frame. */
export interface Fate {
  readonly lost: boolean;
  readonly latencyMs: number;
  readonly delayed: boolean;
  readonly overtaken: boolean;
  /** Milliseconds after the first copy that a second one arrives; `undefined` for none. */
  readonly doubledAfterMs: number | undefined;
}

/** Mean time by which a reordered frame, or the second copy of one, comes later. */
const lateMs = 20;

export class Link {
  readonly from: string;
  readonly to: string;
  readonly blocks: Set<Block> = new Set();
  /** In place of the network's. */
  noise: NetworkNoise | undefined;
  /** Frames that wait for the blocks to be lifted, in order. */
  held: (() => void)[] = [];
  /** Bytes of these frames. */
  heldBytes = 0;
  readonly #random: SeededRandom;
  #lastArrival = 0;

  constructor(from: string, to: string, random: SeededRandom) {
    this.from = from;
    this.to = to;
    this.#random = random;
  }

  get blocked(): boolean {
    return this.blocks.size > 0;
  }

  /** Draws the same count of numbers whatever the noise is, so that switching one fault off leaves the others alone. */
  drawFate({ latencyMs, jitterMs, mode }: NetworkOptions, noise: NetworkNoise): Fate {
    const lost = this.#random.chance(noise.loss);
    const jitter = this.#random.exponential(jitterMs);
    const delayed = this.#random.chance(noise.delay);
    const delay = this.#random.exponential(noise.delayMs);
    const overtaken = this.#random.chance(noise.reordering);
    const doubled = this.#random.chance(noise.duplication);
    const late = this.#random.exponential(lateMs);
    const datagram = mode === 'datagram';
    return {
      lost,
      delayed,
      overtaken: datagram && overtaken,
      doubledAfterMs: datagram && doubled ? late : undefined,
      latencyMs: latencyMs + jitter + (delayed ? delay : 0) + (datagram && overtaken ? late : 0),
    };
  }

  /** When a frame sent now arrives: behind the ones before it, unless it is one that is overtaken. */
  arrival(now: number, fate: Fate): number {
    if (fate.overtaken) return now + fate.latencyMs;
    this.#lastArrival = Math.max(this.#lastArrival, now + fate.latencyMs);
    return this.#lastArrival;
  }

  /** Time until an end of the link hears that it is gone. */
  noticeMs({ latencyMs, jitterMs }: NetworkOptions): number {
    return latencyMs + this.#random.exponential(jitterMs);
  }
}
